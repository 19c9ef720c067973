#include "config/quantity.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "support/catch.hpp"

using namespace laterd::config;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST_CASE("durations are read in every unit and as sums, larger units first", "[config]") {
    const auto [text, expected] = GENERATE(table<std::string, milliseconds>({
        {"0s", 0ms},
        {"250ms", 250ms},
        {"5s", 5s},
        {"15m", 15min},
        {"24h", 24h},
        {"30d", 720h},
        {"1h30m", 90min},
        {"1d2h3m4s5ms", 24h + 2h + 3min + 4s + 5ms},
        {"90m", 90min},
        {"007s", 7s},
        {"36500d", std::chrono::days(36500)},
    }));
    CAPTURE(text);
    const Parsed<milliseconds> parsed = parse_duration(text);
    REQUIRE(parsed);
    CHECK(*parsed == expected);
}

TEST_CASE("what is no duration is refused", "[config]") {
    const std::string text =
        GENERATE(as<std::string>{}, "", "s", "10x", "1.5h", "-1s", "+1s", "5m1h", "1m1m", "1h 30m", " 1s",
                 "1s ", "1S", "PT15M", "1y", "36501d", "36500d1ms", "99999999999999999999d", "1e3s", "1h30");
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a bare number names the units it could have", "[config]") {
    CHECK(parse_duration("15").problem() == "\"15\" has no unit; write 15ms, 15s, 15m, 15h or 15d");
    CHECK(parse_size("256").problem() == "\"256\" has no unit; write 256KiB, 256MiB or 256GiB");
}

TEST_CASE("sizes are read in binary units", "[config]") {
    const auto [text, expected] = GENERATE(table<std::string, std::uint64_t>({
        {"0B", 0},
        {"17B", 17},
        {"512KiB", 524'288},
        {"256MiB", 268'435'456},
        {"1GiB", 1'073'741'824},
        {"1048576GiB", std::uint64_t{1} << 50},
    }));
    CAPTURE(text);
    const Parsed<std::uint64_t> parsed = parse_size(text);
    REQUIRE(parsed);
    CHECK(*parsed == expected);
}

TEST_CASE("what is no size is refused", "[config]") {
    const std::string text =
        GENERATE(as<std::string>{}, "", "MiB", "1.5GiB", "-1MiB", "256MB", "256M", "256mib", "1 GiB",
                 "1GiB512MiB", "1048577GiB", "99999999999999999999KiB");
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
}

TEST_CASE("a written duration or size is read as the same value", "[config]") {
    for (const std::int64_t ms :
         {0L, 1L, 999L, 1'000L, 90'061'001L, 5'400'000L, 86'400'000L, 3'153'600'000'000L}) {
        CAPTURE(ms);
        CHECK(*parse_duration(format_duration(milliseconds(ms))) == milliseconds(ms));
    }
    for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1536},
                                      std::uint64_t{1} << 30, (std::uint64_t{1} << 50) - 1}) {
        CAPTURE(bytes);
        CHECK(*parse_size(format_size(bytes)) == bytes);
    }
    CHECK(format_duration(90min) == "1h30m");
    CHECK(format_size(std::uint64_t{256} << 20) == "256MiB");
}

TEST_CASE("plain numbers have a fraction or none, and are printed as short as they were written",
          "[config]") {
    for (const char* text : {"0", "1", "2.5", "0.25", "0.000001", "100"}) {
        CAPTURE(text);
        const Parsed<double> parsed = parse_number(text);
        REQUIRE(parsed);
        CHECK(format_number(*parsed) == text);
    }
    CHECK(format_number(*parse_number("2.50")) == "2.5");
    for (const char* text :
         {"", ".", "1.", ".5", "-1", "+1", "1e3", "0x1", "nan", "inf", "1,5", "0.0000001", " 1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_number(text));
    }
}
