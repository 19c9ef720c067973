// The table of answers, and what is kept of an answer for people.
#include "sink/http_answer.h"

#include <string>

#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using sink::Answer;
using sink::CallEnd;
using sink::Verdict;
using Result = core::Outcome::Result;
using core::Reason;

namespace {

// Sunday, 6 November 1994, 08:49:30 UTC: seven seconds before the date of RFC 9110's examples.
constexpr core::WallTime k_now{784'111'770'000ms};

Verdict judge(int status, std::string_view retry_after = {},
              config::NotFound not_found = config::NotFound::retry) {
    return sink::judge({.status = status, .retry_after = retry_after}, not_found, k_now);
}

}  // namespace

TEST_CASE("every status has its outcome", "[answer]") {
    for (int status = 100; status < 600; ++status) {
        CAPTURE(status);
        const Verdict verdict = judge(status);
        switch (status) {
            case 200:
            case 201:
            case 202:
            case 204:
                CHECK(verdict.result == Result::delivered);
                CHECK(verdict.reason == Reason::none);
                CHECK(verdict.code == 0);
                break;
            case 410:
                CHECK(verdict.result == Result::not_attempted);
                CHECK(verdict.reason == Reason::handler_gone);
                break;
            case 404:
            case 408:
            case 409:
            case 423:
            case 425:
            case 429:
                CHECK(verdict.result == Result::retry);
                CHECK(verdict.reason == Reason::http);
                CHECK(verdict.code == status);
                break;
            default:
                CHECK(verdict.result == (status >= 500 ? Result::retry : Result::rejected));
                CHECK(verdict.reason == Reason::http);
                CHECK(verdict.code == status);
        }
    }
}

TEST_CASE("a 404 is what the route says it is", "[answer]") {
    CHECK(judge(404, "", config::NotFound::retry).result == Result::retry);
    CHECK(judge(404, "", config::NotFound::dead_letter).result == Result::rejected);
    CHECK(judge(404, "", config::NotFound::dead_letter).code == 404);
    CHECK(judge(410, "", config::NotFound::dead_letter).result == Result::not_attempted);
}

TEST_CASE("a status beyond HTTP's is garbage", "[answer]") {
    CHECK(judge(GENERATE(0, 99, 600, 999)).reason == Reason::garbage);
}

TEST_CASE("what is no answer spends an attempt, or none when nothing was sent", "[answer]") {
    const auto [end, result, reason] = GENERATE(table<CallEnd, Result, Reason>({
        {CallEnd::timeout, Result::retry, Reason::timeout},
        {CallEnd::closed, Result::retry, Reason::closed},
        {CallEnd::garbage, Result::retry, Reason::garbage},
        {CallEnd::down, Result::not_attempted, Reason::handler_down},
        {CallEnd::busy, Result::not_attempted, Reason::handler_busy},
    }));
    // A status may have come before the connection ended.
    const Verdict verdict =
        sink::judge({.end = end, .status = 200, .retry_after = "5"}, config::NotFound::retry, k_now);
    CHECK(verdict.result == result);
    CHECK(verdict.reason == reason);
    CHECK(verdict.code == 0);
    CHECK_FALSE(verdict.retry_after);
}

TEST_CASE("Retry-After is read in all its forms", "[answer]") {
    const auto [text, expected] = GENERATE(table<std::string, std::optional<core::Milliseconds>>({
        {"0", 0ms},
        {"7", 7s},
        {"  120\t", 120s},
        {"007", 7s},
        {"31536000", 8'760h},
        {"31536001", 8'760h},
        {"99999999999999999999999", 8'760h},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 7s},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 7s},
        {"Sun Nov  6 08:49:37 1994", 7s},
        {"Sun, 06 Nov 1994 08:49:29 GMT", 0ms},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0ms},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 8'760h},
        {"", std::nullopt},
        {"   ", std::nullopt},
        {"-1", std::nullopt},
        {"+1", std::nullopt},
        {"1.5", std::nullopt},
        {"1s", std::nullopt},
        {"soon", std::nullopt},
        {"Sun", std::nullopt},
        {"08:49:37", std::nullopt},
        {"Sun, 06 Foo 1994 08:49:37 GMT", std::nullopt},
        {"1994-11-06T08:49:37Z", std::nullopt},
    }));
    CAPTURE(text);
    CHECK(sink::parse_retry_after(text, k_now) == expected);
}

TEST_CASE("a date is not obeyed a millisecond early", "[answer]") {
    CHECK(sink::parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", k_now + 1ms) == 6'999ms);
}

TEST_CASE("Retry-After counts with every status that is tried again, and no other", "[answer]") {
    CHECK(judge(GENERATE(404, 408, 409, 423, 425, 429, 500, 503, 599), "9").retry_after == 9s);
    CHECK_FALSE(judge(GENERATE(200, 202, 301, 400, 403, 410, 431), "9").retry_after);
    CHECK_FALSE(judge(503, "tomorrow").retry_after);
    CHECK_FALSE(judge(404, "9", config::NotFound::dead_letter).retry_after);
}

TEST_CASE("people are told the handler's words, or a sentence when there are none", "[answer]") {
    CHECK(sink::error_text({.status = 503, .body = "no database"}) == "no database");
    CHECK(sink::error_text({.status = 503}) == "the handler answered 503");
    CHECK(sink::error_text({.status = 400, .body = " \t"}) == "the handler answered 400");
    CHECK(sink::error_text({.end = CallEnd::timeout, .status = 200, .body = "half"}) ==
          "the handler did not answer in time");
    CHECK(sink::error_text({.end = CallEnd::down, .trouble = "Connection refused"}) ==
          "the handler cannot be reached: Connection refused");
    for (const CallEnd end : {CallEnd::closed, CallEnd::garbage, CallEnd::busy}) {
        CHECK_FALSE(sink::error_text({.end = end}).empty());
    }
}

TEST_CASE("the handler's words are valid UTF-8 of at most 1 KiB", "[answer]") {
    CHECK(sink::error_text({.status = 500,
                            .body = "a\xFF"
                                    "b\xC3"}) ==
          "a\xEF\xBF\xBD"
          "b\xEF\xBF\xBD");
    CHECK(sink::error_text({.status = 500, .body = std::string(5'000, 'x')}) == std::string(1'024, 'x'));
    std::string euros;
    for (int i = 0; i < 400; ++i) {
        euros += "\xE2\x82\xAC";
    }
    CHECK(sink::error_text({.status = 500, .body = euros}) == euros.substr(0, 1'023));
    CHECK(sink::error_text({.status = 500, .body = std::string(1'024, '\xFF')}).size() <= 1'024);
}
