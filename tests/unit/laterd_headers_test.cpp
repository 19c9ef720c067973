// What laterd writes on its copies, and what it makes of whatever stands there when it reads them.
#include "dialect/laterd.h"

#include "support/catch.hpp"

using namespace laterd;
using namespace laterd::dialect;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

using Value = std::optional<std::string_view>;

constexpr core::WallTime k_written{core::Milliseconds(1'700'000'000'123)};

struct Given {
    std::string_view name;
    Value value;
};

Marks decode(const std::vector<Given>& headers) {
    Decoder decoder;
    for (const Given& header : headers) {
        decoder.take(header.name, header.value);
    }
    return decoder.marks();
}

Marks decode_again(const std::vector<Header>& headers) {
    Decoder decoder;
    for (const Header& header : headers) {
        decoder.take(header.name, header.value);
    }
    return decoder.marks();
}

std::vector<std::string> lines(const std::vector<Header>& headers) {
    std::vector<std::string> lines;
    for (const Header& header : headers) {
        lines.push_back(std::string(header.name) + ": " + header.value);
    }
    return lines;
}

std::vector<Given> origin_headers(Value topic, Value partition, Value offset, Value timestamp) {
    return {{"laterd-origin-topic", topic},
            {"laterd-origin-partition", partition},
            {"laterd-origin-offset", offset},
            {"laterd-origin-timestamp", timestamp}};
}

// What no number of laterd's looks like.
const std::vector<Value> k_no_numbers{
    std::nullopt, "",         " ",   "-1",       "+1",  "1 ",  " 1",  "1.5", "1e3", "0x10", "12abc", "٣",
    "null",       "1\0002"sv, "NaN", "\xFF\xFE", "--1", "1,0", "1_0", "\n",  "∞",   "-0",   "1\n",   "true",
};

}  // namespace

TEST_CASE("a retry copy carries everything, in a fixed order and decimal", "[dialect]") {
    const Marks marks{.due = k_written + 5s,
                      .attempts = 2,
                      .first_attempt = k_written - 1min,
                      .origin = Origin{.topic = "payments", .partition = 3, .offset = 17, .timestamp = 1'699},
                      .route = "payments",
                      .reason = "http-503",
                      .error = "the database is away"};
    CHECK(lines(encode(marks)) == std::vector<std::string>{
                                      "laterd-due: 1700000005123",
                                      "laterd-attempt: 2",
                                      "laterd-first-attempt: 1699999940123",
                                      "laterd-origin-topic: payments",
                                      "laterd-origin-partition: 3",
                                      "laterd-origin-offset: 17",
                                      "laterd-origin-timestamp: 1699",
                                      "laterd-route: payments",
                                      "laterd-reason: http-503",
                                      "laterd-error: the database is away",
                                  });
    CHECK(decode_again(encode(marks)) == marks);
}

TEST_CASE("what a copy does not know is not written", "[dialect]") {
    CHECK(encode({}).empty());
    CHECK(lines(encode({.attempts = 0})) == std::vector<std::string>{"laterd-attempt: 0"});
    const Marks timeless{.origin = Origin{.topic = "t", .partition = 0, .offset = 0, .timestamp = -1}};
    CHECK(lines(encode(timeless)).back() == "laterd-origin-timestamp: -1");
    CHECK(decode_again(encode(timeless)) == timeless);
}

TEST_CASE("the error is UTF-8 of at most a KiB", "[dialect]") {
    const std::string error = std::string(1'022, 'x') + "€";
    CHECK(encode({.error = error}).back().value == std::string(1'022, 'x'));
    CHECK(encode({.error = "\xFF"}).back().value == "\xEF\xBF\xBD");
}

TEST_CASE("laterd owns its headers and no others", "[dialect]") {
    for (const Header& header : encode({.due = k_written,
                                        .attempts = 1,
                                        .first_attempt = k_written,
                                        .origin = Origin{.topic = "t"},
                                        .route = "r",
                                        .reason = "x",
                                        .error = "y"})) {
        CHECK(is_own_header(header.name));
    }
    for (const std::string_view name : {"", "laterd-", "laterd", "laterd-du", "laterd-due2", "Laterd-Due",
                                        "laterd-attempts", "x-laterd-due", "due", "traceparent"}) {
        INFO(name);
        CHECK_FALSE(is_own_header(name));
    }
}

TEST_CASE("the last header of a name wins, whatever the earlier ones say", "[dialect]") {
    CHECK(decode({{"laterd-attempt", "1"}, {"laterd-attempt", "7"}}).attempts == 7);
    CHECK(decode({{"laterd-attempt", "x"}, {"other", "3"}, {"laterd-attempt", "7"}}).attempts == 7);
    CHECK_FALSE(decode({{"laterd-attempt", "7"}, {"laterd-attempt", "x"}}).attempts);
    CHECK_FALSE(decode({{"laterd-attempt", "7"}, {"laterd-attempt", std::nullopt}}).attempts);
    CHECK_FALSE(decode({{"laterd-due", "7"}, {"laterd-due", ""}}).due);
    CHECK(decode({{"laterd-reason", "timeout"}, {"laterd-reason", std::nullopt}}).reason.empty());
    const std::vector<Given> twice{{"laterd-origin-topic", "a"},     {"laterd-origin-partition", "1"},
                                   {"laterd-origin-offset", "2"},    {"laterd-origin-topic", "b"},
                                   {"laterd-origin-timestamp", "9"}, {"laterd-origin-offset", "3"}};
    CHECK(decode(twice).origin == Origin{.topic = "b", .partition = 1, .offset = 3, .timestamp = 9});
}

TEST_CASE("no headers mean due at once, never delivered, and no other origin", "[dialect]") {
    const Marks marks = decode(std::vector<Given>{});
    CHECK(marks == Marks{});
    CHECK(due_on_retry(marks, k_written, 1h) == core::WallTime());
    CHECK(due_on_waiting(marks) == core::WallTime());
    CHECK(first_attempt_of(marks, k_written) == core::WallTime());
}

TEST_CASE("what is no number says nothing", "[dialect]") {
    for (const Value& value : k_no_numbers) {
        INFO("\"" << value.value_or("null") << "\"");
        const Marks marks =
            decode({{"laterd-due", value}, {"laterd-attempt", value}, {"laterd-first-attempt", value}});
        CHECK(marks == Marks{});
        CHECK(due_on_retry(marks, k_written, 1h) == core::WallTime());
        CHECK(due_on_waiting(marks) == core::WallTime());
        CHECK_FALSE(decode(origin_headers("t", value, "2", "3")).origin);
        CHECK_FALSE(decode(origin_headers("t", "1", value, "3")).origin);
        // The place is what identifies a record: it can do without its timestamp.
        CHECK(decode(origin_headers("t", "1", "2", value)).origin ==
              Origin{.topic = "t", .partition = 1, .offset = 2, .timestamp = -1});
    }
}

TEST_CASE("a retry record is due when it says so, but not later than its backoff leads", "[dialect]") {
    struct Row {
        std::string_view value;
        core::WallTime due;
    };
    const Row row =
        GENERATE(Row{"0", core::WallTime()}, Row{"1", core::WallTime(1ms)},
                 Row{"0001700000000123", k_written}, Row{"1700003600122", k_written + 1h - 1ms},
                 Row{"1700003600123", k_written + 1h}, Row{"1700003600124", k_written + 1h},
                 Row{"253402300799999", k_written + 1h}, Row{"9223372036854775807", k_written + 1h},
                 Row{"9223372036854775808", k_written + 1h}, Row{"18446744073709551616", k_written + 1h},
                 Row{"99999999999999999999999999999999999999", k_written + 1h});
    INFO(row.value);
    CHECK(due_on_retry(decode({{"laterd-due", row.value}}), k_written, 1h) == row.due);
}

TEST_CASE("a waiting record is due when it says so, up to the calendar's end", "[dialect]") {
    struct Row {
        std::string_view value;
        core::WallTime due;
    };
    const Row row = GENERATE(Row{"0", core::WallTime()}, Row{"1700086400123", k_written + 24h},
                             Row{"253402300799999", k_calendar_end}, Row{"253402300800000", core::WallTime()},
                             Row{"9223372036854775808", core::WallTime()},
                             Row{"99999999999999999999999999999999999999", core::WallTime()});
    INFO(row.value);
    CHECK(due_on_waiting(decode({{"laterd-due", row.value}})) == row.due);
}

TEST_CASE("attempts beyond counting are as many as can be counted", "[dialect]") {
    struct Row {
        std::string_view value;
        std::uint32_t attempts;
    };
    const Row row = GENERATE(Row{"0", 0}, Row{"5", 5}, Row{"0005", 5}, Row{"1000000000", k_attempts_most},
                             Row{"1000000001", k_attempts_most}, Row{"4294967296", k_attempts_most},
                             Row{"18446744073709551617", k_attempts_most});
    INFO(row.value);
    CHECK(decode({{"laterd-attempt", row.value}}).attempts == row.attempts);
}

TEST_CASE("the first attempt was not after its copy was written", "[dialect]") {
    struct Row {
        Value attempts;
        Value first;
        core::WallTime at;
    };
    const Row row =
        GENERATE(Row{"2", "1699999940123", k_written - 1min}, Row{"2", "1700000000124", k_written},
                 Row{"2", "99999999999999999999", k_written}, Row{"2", "0", core::WallTime()},
                 // Age has to count from somewhere.
                 Row{"2", "never", k_written}, Row{"2", std::nullopt, k_written},
                 // Without a delivery there is no first one.
                 Row{"0", "1699999940123", core::WallTime()}, Row{"x", "1699999940123", core::WallTime()});
    INFO("attempts " << row.attempts.value_or("null") << ", first " << row.first.value_or("null"));
    const Marks marks = decode({{"laterd-attempt", row.attempts}, {"laterd-first-attempt", row.first}});
    CHECK(first_attempt_of(marks, k_written) == row.at);
}

TEST_CASE("an origin is believed whole or not at all", "[dialect]") {
    const std::string longest(249, 't');
    CHECK(decode(origin_headers(longest, "2147483647", "9223372036854775807", "253402300799999")).origin ==
          Origin{.topic = longest,
                 .partition = 2'147'483'647,
                 .offset = 9'223'372'036'854'775'807,
                 .timestamp = 253'402'300'799'999});
    CHECK_FALSE(decode(origin_headers("t", "2147483648", "1", "1")).origin);
    CHECK_FALSE(decode(origin_headers("t", "1", "9223372036854775808", "1")).origin);
    CHECK(decode(origin_headers("t", "1", "1", "253402300800000")).origin->timestamp == -1);
    const std::string too_long(250, 't');
    for (const Value& topic : std::vector<Value>{std::nullopt, "", ".", "..", too_long, "a b", "a/b",
                                                 "a\r\nHost: b", "a\0b"sv, "ä", "a:b"}) {
        INFO(topic.value_or("null"));
        CHECK_FALSE(decode(origin_headers(topic, "1", "2", "3")).origin);
    }
    CHECK_FALSE(decode({{"laterd-origin-topic", "t"}, {"laterd-origin-partition", "1"}}).origin);
    CHECK_FALSE(decode({{"laterd-origin-partition", "1"}, {"laterd-origin-offset", "1"}}).origin);
}
