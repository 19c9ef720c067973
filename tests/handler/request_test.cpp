// The head of a request: which record says what.
#include "sink/http_request.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/record_maker.h"

using namespace laterd;
using support::make_record;
using support::RecordText;

namespace {

struct Terms {
    config::HandlerSink handler;
    std::uint32_t max_attempts = 5;
};

using Lines = std::vector<std::string>;

Lines lines_of(const RecordText& text, const Terms& terms = {}) {
    const auto record = make_record(text);
    sink::HeaderLines lines;
    sink::write_headers({.handler = terms.handler, .route = "payments", .max_attempts = terms.max_attempts},
                        *record, lines);
    Lines all;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        all.emplace_back(lines.line(i));
    }
    return all;
}

Lines only(const Lines& lines, std::string_view name) {
    Lines found;
    std::copy_if(lines.begin(), lines.end(), std::back_inserter(found), [&](const std::string& line) {
        return line.starts_with(std::string(name) + ": ") || line == std::string(name) + ";";
    });
    return found;
}

}  // namespace

TEST_CASE("a plain record's head, whole", "[request]") {
    CHECK(lines_of({.key = "k"}) == Lines{
                                        "Content-Type: application/octet-stream",
                                        "Idempotency-Key: orders/3/42",
                                        "Kafka-Topic: orders",
                                        "Kafka-Partition: 3",
                                        "Kafka-Offset: 42",
                                        "Kafka-Timestamp: 1700000000123",
                                        "Kafka-Key: k",
                                        "Laterd-Route: payments",
                                        "Laterd-Attempt: 1",
                                        "Laterd-Max-Attempts: 5",
                                        "Laterd-Due: 1700000900123",
                                    });
}

TEST_CASE("the attempt counts from one; in place there is no last one", "[request]") {
    const Lines lines = lines_of({.attempts = 6}, {.max_attempts = 0});
    CHECK(only(lines, "Laterd-Attempt") == Lines{"Laterd-Attempt: 7"});
    CHECK(only(lines, "Laterd-Max-Attempts").empty());
    CHECK(only(lines, "Idempotency-Key") == Lines{"Idempotency-Key: orders/3/42"});
}

TEST_CASE("a null key is absent, an empty one is empty", "[request]") {
    CHECK(only(lines_of({}), "Kafka-Key").empty());
    CHECK(only(lines_of({.key = ""}), "Kafka-Key") == Lines{"Kafka-Key;"});
}

TEST_CASE("a tombstone says so, an empty value does not", "[request]") {
    CHECK(only(lines_of({.value = std::nullopt}), "Kafka-Value") == Lines{"Kafka-Value: null"});
    CHECK(only(lines_of({.value = ""}), "Kafka-Value").empty());
}

TEST_CASE("every byte but the unreserved ones is percent-encoded", "[request]") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    const std::string text = sink::percent_encoded(all);
    CHECK(text.starts_with("%00%01%02"));
    CHECK(text.find("%20%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0123456789%3A%3B%3C%3D%3E%3F%40ABC") !=
          std::string::npos);
    CHECK(text.find("XYZ%5B%5C%5D%5E_%60abc") != std::string::npos);
    CHECK(text.find("xyz%7B%7C%7D~%7F%80%81") != std::string::npos);
    CHECK(text.ends_with("%FE%FF"));
    CHECK(text.size() == 66 + 190 * 3);
    CHECK(only(lines_of({.key = "a/b \xC3\xA9\r\n"}), "Kafka-Key") ==
          Lines{"Kafka-Key: a%2Fb%20%C3%A9%0D%0A"});
}

TEST_CASE("headers are sent in order, twice when they are there twice, null and empty ones apart",
          "[request]") {
    const Lines lines = lines_of({.headers = {{"b", "1"},
                                              {"a", std::nullopt},
                                              {"b", "2=3"},
                                              {"a b", ""},
                                              {"", "x"},
                                              {"content-type", "text/plain"}}});
    CHECK(only(lines, "Kafka-Header") ==
          Lines{"Kafka-Header: b=1", "Kafka-Header: a", "Kafka-Header: b=2%3D3",
                "Kafka-Header: a%20b=", "Kafka-Header: =x", "Kafka-Header: content-type=text%2Fplain"});
    CHECK(only(lines, "Laterd-Headers-Omitted").empty());
}

TEST_CASE("which headers are sent can be chosen", "[request]") {
    Terms terms;
    const RecordText text{.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}, {"ce_id", "9"}}};
    SECTION("none, but what HTTP has headers of its own for goes all the same") {
        terms.handler.headers = config::SentHeaders::none;
        CHECK(only(lines_of(text, terms), "Kafka-Header").empty());
        CHECK(only(lines_of(text, terms), "ce-id") == Lines{"ce-id: 9"});
        CHECK(only(lines_of(text, terms), "Laterd-Headers-Omitted").empty());
    }
    SECTION("by name, and what was not chosen is not counted as omitted") {
        terms.handler.headers = config::SentHeaders::named;
        terms.handler.header_names = {"a", "zz"};
        CHECK(only(lines_of(text, terms), "Kafka-Header") == Lines{"Kafka-Header: a=1", "Kafka-Header: a=3"});
        CHECK(only(lines_of(text, terms), "Laterd-Headers-Omitted").empty());
    }
}

TEST_CASE("the content type is copied when it can stand in a header line", "[request]") {
    const auto [value, expected] = GENERATE(table<std::optional<std::string>, std::string>({
        {"application/json", "application/json"},
        {"text/plain; charset=utf-8", "text/plain; charset=utf-8"},
        {std::nullopt, "application/octet-stream"},
        {"", "application/octet-stream"},
        {" ", "application/octet-stream"},
        {"text/plain ", "application/octet-stream"},
        {"text/plain\r\nX: y", "application/octet-stream"},
        {"text/pl\xC3\xA9", "application/octet-stream"},
        {std::string("a\0b", 3), "application/octet-stream"},
        {"a\tb", "application/octet-stream"},
        {"a\x7F", "application/octet-stream"},
        {std::string(sink::k_sent_headers_most + 1, 'x'), "application/octet-stream"},
    }));
    CHECK(only(lines_of({.headers = {{"content-type", "first"}, {"content-type", value}}}), "Content-Type") ==
          Lines{"Content-Type: " + expected});
}

TEST_CASE("the trace goes on", "[request]") {
    const Lines lines = lines_of(
        {.headers = {
             {"traceparent", "00-1-2-00"}, {"traceparent", "00-3-4-01"}, {"tracestate", "a=1, b=2"}}});
    CHECK(only(lines, "traceparent") == Lines{"traceparent: 00-3-4-01"});
    CHECK(only(lines, "tracestate") == Lines{"tracestate: a=1, b=2"});
    CHECK(only(lines, "Kafka-Header").size() == 3);
    CHECK(only(lines_of({.headers = {{"traceparent", "\xFF"}, {"tracestate", std::nullopt}}}), "traceparent")
              .empty());
}

TEST_CASE("attributes of a CloudEvent become headers of its HTTP binding", "[request]") {
    const Lines lines = lines_of({.headers = {{"ce_specversion", "1.0"},
                                              {"ce_subject", "Euro \xE2\x82\xAC \xF0\x9F\x98\x80"},
                                              {"ce_note", "say \"100%\"!~"},
                                              {"ce_id", "old"},
                                              {"ce_id", "new"},
                                              {"ce_gone", "x"},
                                              {"ce_gone", std::nullopt},
                                              {"ce_", "x"},
                                              {"ce_bad name", "x"},
                                              {"ce_bad:name", "x"},
                                              {"ce_datacontenttype", "x"},
                                              {"CE_upper", "x"}}});
    CHECK(only(lines, "ce-specversion") == Lines{"ce-specversion: 1.0"});
    CHECK(only(lines, "ce-subject") == Lines{"ce-subject: Euro%20%E2%82%AC%20%F0%9F%98%80"});
    CHECK(only(lines, "ce-note") == Lines{"ce-note: say%20%22100%25%22!~"});
    CHECK(only(lines, "ce-id") == Lines{"ce-id: new"});
    CHECK(std::count_if(lines.begin(), lines.end(),
                        [](const std::string& line) { return line.starts_with("ce-"); }) == 4);
    CHECK(only(lines, "Kafka-Header").size() == 12);
}

TEST_CASE("record headers take 8 KiB as they are encoded; from the first that does not fit they are left out",
          "[request]") {
    const auto sent = [](const RecordText& text) {
        const Lines lines = lines_of(text);
        const Lines omitted = only(lines, "Laterd-Headers-Omitted");
        REQUIRE(omitted.size() <= 1);
        return std::pair(only(lines, "Kafka-Header").size(), omitted.empty() ? std::string() : omitted[0]);
    };
    const std::string most(8'192 - 2, 'x');  // with `a=`
    SECTION("all of it") {
        CHECK(sent({.headers = {{"a", most}}}) == std::pair<std::size_t, std::string>(1, ""));
    }
    SECTION("a byte more") {
        CHECK(sent({.headers = {{"a", most + 'x'}}}) ==
              std::pair<std::size_t, std::string>(0, "Laterd-Headers-Omitted: 1"));
    }
    SECTION("counted as encoded") {
        CHECK(sent({.headers = {{"a", std::string(2'730, '\n')}}}) ==
              std::pair<std::size_t, std::string>(1, ""));
        CHECK(sent({.headers = {{"a", std::string(2'731, '\n')}}}) ==
              std::pair<std::size_t, std::string>(0, "Laterd-Headers-Omitted: 1"));
    }
    SECTION("none that follows, even if it would fit") {
        CHECK(sent({.headers = {{"s", "1"}, {"a", most}, {"b", "2"}, {"c", std::nullopt}}}) ==
              std::pair<std::size_t, std::string>(1, "Laterd-Headers-Omitted: 3"));
    }
    SECTION("ten thousand") {
        RecordText text;
        text.headers.assign(10'000, {"name", "value"});
        CHECK(sent(text) == std::pair<std::size_t, std::string>(819, "Laterd-Headers-Omitted: 9181"));
    }
}

TEST_CASE("copied headers are bounded as well", "[request]") {
    RecordText text;
    for (const char* name : {"ce_a", "ce_b", "ce_c"}) {
        text.headers.emplace_back(name, std::string(3'000, 'x'));
    }
    const Lines lines = lines_of(text);
    CHECK(only(lines, "ce-a").size() == 1);
    CHECK(only(lines, "ce-b").size() == 1);
    CHECK(only(lines, "ce-c").empty());
}

TEST_CASE("headers that laterd owns are sent from a source and not from the route's own topics",
          "[request]") {
    RecordText text{.headers = {{"laterd-due", "1"}, {"laterd-duet", "2"}, {"Laterd-Due", "3"}, {"x", "4"}}};
    SECTION("a source") {
        CHECK(only(lines_of(text), "Kafka-Header").size() == 4);
    }
    SECTION("a retry or waiting topic") {
        text.role = GENERATE(core::Role::retry, core::Role::waiting);
        CHECK(only(lines_of(text), "Kafka-Header") ==
              Lines{"Kafka-Header: laterd-duet=2", "Kafka-Header: Laterd-Due=3", "Kafka-Header: x=4"});
    }
}
