// The formats of a due header, by tables.
#include "core/due_rule.h"
#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace laterd::core;

namespace {

std::string describe(const DueValue& value) {
    if (const auto* at = std::get_if<WallTime>(&value)) {
        return "at " + std::to_string(at->time_since_epoch().count());
    }
    if (const auto* after = std::get_if<Milliseconds>(&value)) {
        return "after " + std::to_string(after->count());
    }
    return std::holds_alternative<TooFar>(value) ? "too far" : "unreadable";
}

struct Row {
    std::string_view value;
    std::string expected;
};

void check(DueFormat format, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        INFO("value \"" << row.value << "\"");
        CHECK(describe(parse_due(format, row.value)) == row.expected);
    }
}

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("unix_ms is decimal digits and nothing else", "[due]") {
    check(DueFormat::unix_ms, {
                                  {"0", "at 0"},
                                  {"1700000000000", "at 1700000000000"},
                                  {"0001700000000000", "at 1700000000000"},
                                  {"253402300799999", "at 253402300799999"},
                                  {"253402300800000", "too far"},
                                  {"9223372036854775807", "too far"},
                                  {"18446744073709551616", "too far"},
                                  {"99999999999999999999999999999999999999999", "too far"},
                                  {"", "unreadable"},
                                  {" 1", "unreadable"},
                                  {"1 ", "unreadable"},
                                  {"1\n", "unreadable"},
                                  {"+1", "unreadable"},
                                  {"-1", "unreadable"},
                                  {"1.0", "unreadable"},
                                  {"1e3", "unreadable"},
                                  {"0x10", "unreadable"},
                                  {"1_000", "unreadable"},
                                  {"1\0"sv, "unreadable"},
                                  {"\xD9\xA1", "unreadable"},
                                  {"99999999999999999999999999x", "unreadable"},
                              });
}

TEST_CASE("unix_s counts in seconds", "[due]") {
    check(DueFormat::unix_s, {
                                 {"0", "at 0"},
                                 {"1795253272", "at 1795253272000"},
                                 {"253402300799", "at 253402300799000"},
                                 {"253402300800", "too far"},
                                 {"1700000000000", "too far"},
                                 {"18446744073709552", "too far"},
                                 {"1795253272.5", "unreadable"},
                                 {"", "unreadable"},
                             });
}

TEST_CASE("delay_ms is a duration in decimal digits", "[due]") {
    check(DueFormat::delay_ms, {
                                   {"0", "after 0"},
                                   {"900000", "after 900000"},
                                   {"253402300799999", "after 253402300799999"},
                                   {"253402300800000", "too far"},
                                   {"-5", "unreadable"},
                                   {"5s", "unreadable"},
                                   {"", "unreadable"},
                               });
}

TEST_CASE("rfc3339 takes any offset and rounds fractions up to the millisecond", "[due]") {
    check(DueFormat::rfc3339, {
                                  {"2026-01-01T00:00:00Z", "at 1767225600000"},
                                  {"2026-01-01t00:00:00z", "at 1767225600000"},
                                  {"2026-01-01T01:00:00+01:00", "at 1767225600000"},
                                  {"2025-12-31T18:30:00-05:30", "at 1767225600000"},
                                  {"2026-01-01T00:00:00+00:00", "at 1767225600000"},
                                  {"2026-01-01T00:00:00-00:00", "at 1767225600000"},
                                  {"2026-01-01T00:00:00.5Z", "at 1767225600500"},
                                  {"2026-01-01T00:00:00.123Z", "at 1767225600123"},
                                  {"2026-01-01T00:00:00.1230Z", "at 1767225600123"},
                                  {"2026-01-01T00:00:00.1230001Z", "at 1767225600124"},
                                  {"2026-01-01T00:00:00.000000000000000000000000001Z", "at 1767225600001"},
                                  {"2026-01-01T00:00:00.9999Z", "at 1767225601000"},
                                  {"2025-12-31T23:59:60Z", "at 1767225600000"},
                                  {"2025-12-31T23:59:60.25Z", "at 1767225600250"},
                                  {"2024-02-29T00:00:00Z", "at 1709164800000"},
                                  {"1970-01-01T00:00:00Z", "at 0"},
                                  {"1969-12-31T23:59:59Z", "at -1000"},
                                  {"9999-12-31T23:59:59.999Z", "at 253402300799999"},
                                  {"9999-12-31T23:59:59.9991Z", "too far"},
                                  {"9999-12-31T23:59:59-00:01", "too far"},
                              });
}

TEST_CASE("rfc3339 refuses what is no instant", "[due]") {
    for (const std::string_view value : {
             ""sv,
             "2026-01-01"sv,
             "2026-01-01T00:00:00"sv,   // whose time?
             "2026-01-01 00:00:00Z"sv,  // a blank
             "2026-01-01T00:00Z"sv,
             "2026-02-29T00:00:00Z"sv,  // no leap year
             "2026-00-10T00:00:00Z"sv,
             "2026-13-01T00:00:00Z"sv,
             "2026-04-31T00:00:00Z"sv,
             "2026-01-01T24:00:00Z"sv,
             "2026-01-01T00:60:00Z"sv,
             "2026-01-01T00:00:61Z"sv,
             "2026-01-01T00:00:00.Z"sv,
             "2026-01-01T00:00:00,5Z"sv,
             "2026-01-01T00:00:00+24:00"sv,
             "2026-01-01T00:00:00+01:60"sv,
             "2026-01-01T00:00:00+0100"sv,
             "2026-01-01T00:00:00+01"sv,
             "2026-01-01T00:00:00ZZ"sv,
             "2026-01-01T00:00:00Z "sv,
             " 2026-01-01T00:00:00Z"sv,
             "2026-1-1T0:0:0Z"sv,
             "-026-01-01T00:00:00Z"sv,
             "+2026-01-01T00:00:00Z"sv,
             "20260101T000000Z"sv,
             "2026-01-01T00:00:00[Europe/Berlin]"sv,
             "Thu, 01 Jan 2026 00:00:00 GMT"sv,
         }) {
        INFO("value \"" << value << "\"");
        CHECK(describe(parse_due(DueFormat::rfc3339, value)) == "unreadable");
    }
}

TEST_CASE("a delay is written as in the routing table", "[due]") {
    check(DueFormat::delay, {
                                {"0s", "after 0"},
                                {"250ms", "after 250"},
                                {"5s", "after 5000"},
                                {"15m", "after 900000"},
                                {"24h", "after 86400000"},
                                {"30d", "after 2592000000"},
                                {"1h30m", "after 5400000"},
                                {"1d2h3m4s5ms", "after 93784005"},
                                {"90m", "after 5400000"},
                                {"1m250ms", "after 60250"},
                                {"2932896d", "after 253402214400000"},
                                {"2932897d", "too far"},
                                {"99999999999999999999999h", "too far"},
                                {"253402300799s1000ms", "too far"},
                                {"", "unreadable"},
                                {"15", "unreadable"},
                                {"m", "unreadable"},
                                {"15M", "unreadable"},
                                {"15 m", "unreadable"},
                                {"15m ", "unreadable"},
                                {"1.5h", "unreadable"},
                                {"-15m", "unreadable"},
                                {"+15m", "unreadable"},
                                {"30m1h", "unreadable"},
                                {"1m1m", "unreadable"},
                                {"1ms1s", "unreadable"},
                                {"1h30", "unreadable"},
                                {"1w", "unreadable"},
                                {"1y", "unreadable"},
                                {"15min", "unreadable"},
                                {"15mss", "unreadable"},
                            });
}

TEST_CASE("a delay may be an ISO 8601 duration without years, months and signs", "[due]") {
    check(DueFormat::delay, {
                                {"PT15M", "after 900000"},
                                {"PT0S", "after 0"},
                                {"P1D", "after 86400000"},
                                {"P1DT2H3M4S", "after 93784000"},
                                {"P1DT1S", "after 86401000"},
                                {"PT720H", "after 2592000000"},
                                {"PT1H4S", "after 3604000"},
                                {"PT0.25S", "after 250"},
                                {"PT0,25S", "after 250"},
                                {"PT1.0001S", "after 1001"},
                                {"PT1.000S", "after 1000"},
                                {"PT99999999999999999999H", "too far"},
                                {"P2932896DT23H59M59.999S", "after 253402300799999"},
                                {"P2932896DT23H59M59.9991S", "too far"},
                                {"P", "unreadable"},
                                {"PT", "unreadable"},
                                {"P1DT", "unreadable"},
                                {"P1Y", "unreadable"},
                                {"P1M", "unreadable"},
                                {"P1W", "unreadable"},
                                {"P1H", "unreadable"},
                                {"PT1D", "unreadable"},
                                {"PT1M1H", "unreadable"},
                                {"PT1S1S", "unreadable"},
                                {"PT1HT1M", "unreadable"},
                                {"PT0.5H", "unreadable"},
                                {"P0.5D", "unreadable"},
                                {"PT.5S", "unreadable"},
                                {"PT5.S", "unreadable"},
                                {"PT5", "unreadable"},
                                {"PT-5S", "unreadable"},
                                {"-PT5S", "unreadable"},
                                {"pt15m", "unreadable"},
                                {"PT15M ", "unreadable"},
                                {"PT15m", "unreadable"},
                            });
}

TEST_CASE("be_s and be_ms are unsigned big-endian numbers of 1 to 8 bytes", "[due]") {
    check(DueFormat::be_s, {
                               // What retriable_kafka_client writes: 8 bytes of seconds.
                               {"\x00\x00\x00\x00\x6b\x01\x64\x18"sv, "at 1795253272000"},
                               {"\x6b\x01\x64\x18"sv, "at 1795253272000"},
                               {"\x00"sv, "at 0"},
                               {"\xff"sv, "at 255000"},
                               {"\xff\xff\xff\xff\xff\xff\xff\xff"sv, "too far"},
                               {"\x00\x00\x01\x8b\xcf\xe5\x68\x00"sv, "too far"},  // milliseconds
                               {"1795253272", "unreadable"},                       // text of 10 bytes
                               {"", "unreadable"},
                               {"\x00\x00\x00\x00\x00\x00\x00\x00\x01"sv, "unreadable"},
                           });
    check(DueFormat::be_ms, {
                                // What Spring Kafka writes: as few bytes as BigInteger needs.
                                {"\x01\x9b\x76\xda\xa8\x00"sv, "at 1767225600000"},
                                {"\x01\x8b\xcf\xe5\x68\x00"sv, "at 1700000000000"},
                                {"\x01\x9f\x9a\x4a\x7a\x7b"sv, "at 1785000000123"},
                                {"\x7f"sv, "at 127"},
                                {"\x00\x80"sv, "at 128"},
                                {"\x00\x80\x00\x00\x00"sv, "at 2147483648"},
                                {"\x00\x80\x00\x00\x00\x00\x00"sv, "at 140737488355328"},
                                {"\x00\x00\x01\x9b\x76\xda\xa8\x00"sv, "at 1767225600000"},
                                {"\x80\x00\x00\x00\x00\x00\x00\x00"sv, "too far"},
                                {"", "unreadable"},
                            });
}
