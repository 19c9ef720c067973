#include "core/commit_note.h"

#include "support/catch.hpp"

#include <limits>
#include <string>

using namespace laterd::core;

namespace {

// Kept as text by brokers: neither of these may ever change.
const std::string k_golden_by_due =
    "laterd1 partitions=12 "
    "done=AQDvzauJZ0UjAeyYsQL2sYPFmGiImLECA8CWsQKA9JbFmGiVAcCpB4sBvuLhuueX////AQPAlrECAKkCqXHxtQ";
const std::string k_golden_by_position = "laterd1 partitions=12 done=AQHvzauJZ0UjAeyYsQIDwJaxAgCpAu0QVYI";

constexpr WallTime instant(std::int64_t ms) {
    return WallTime{Milliseconds{ms}};
}

DoneMap by_due() {
    return {.rule = 0x0123456789abcdef,
            .end = 5'000'300,
            .until = instant(1'790'000'000'123),
            .tie_end = 5'000'200,
            .except = {5'000'000, 5'000'001, 5'000'299},
            .far = {{.from = 5'000'000, .at_least = instant(1'790'000'160'000)},
                    {.from = 5'000'150, .at_least = instant(1'790'000'220'000)},
                    {.from = 5'000'290, .at_least = WallTime::max()}}};
}

DoneMap by_position() {
    return {.rule = 0x0123456789abcdef,
            .end = 5'000'300,
            .by_position = true,
            .except = {5'000'000, 5'000'001, 5'000'299}};
}

}  // namespace

TEST_CASE("a commit note says how many partitions the topic had", "[commit]") {
    CHECK(encode({.partitions = 12}) == "laterd1 partitions=12");
    const std::int32_t partitions = GENERATE(1, 12, 2'147'483'647);
    CHECK(decode_commit_note(encode({.partitions = partitions})) == CommitNote{.partitions = partitions});
}

TEST_CASE("a commit note carries a done map, format version 1", "[commit]") {
    CHECK(encode({.partitions = 12, .done = by_due()}) == k_golden_by_due);
    CHECK(decode_commit_note(k_golden_by_due) == CommitNote{.partitions = 12, .done = by_due()});
    CHECK(encode({.partitions = 12, .done = by_position()}) == k_golden_by_position);
    CHECK(decode_commit_note(k_golden_by_position) == CommitNote{.partitions = 12, .done = by_position()});
}

TEST_CASE("a done map with extreme values comes back as it was", "[commit]") {
    constexpr Offset k_last = std::numeric_limits<Offset>::max();
    const DoneMap map = GENERATE_COPY(
        DoneMap{},
        DoneMap{.rule = ~std::uint64_t{0}, .end = k_last, .until = WallTime::max(), .tie_end = k_last},
        DoneMap{.end = k_last, .except = {0, k_last - 1}},
        DoneMap{.end = k_last,
                .far = {{.from = 0, .at_least = WallTime::max()},
                        {.from = 1, .at_least = WallTime::min()},
                        {.from = k_last - 1, .at_least = instant(-1)}}});
    const CommitNote note{.partitions = 1, .done = map};
    CHECK(decode_commit_note(encode(note)) == note);
}

TEST_CASE("a done map that does not fit into its room is left out", "[commit]") {
    const CommitNote note{.partitions = 12, .done = by_due()};
    CHECK(encode(note, k_golden_by_due.size()) == k_golden_by_due);
    CHECK(encode(note, k_golden_by_due.size() - 1) == "laterd1 partitions=12");
    CHECK(encode(note, 16) == "laterd1 partitions=12");
}

TEST_CASE("what a later laterd appends to a commit note is skipped", "[commit]") {
    CHECK(decode_commit_note("laterd1 partitions=12 pause=QUJD") == CommitNote{.partitions = 12});
    CHECK(decode_commit_note("laterd1 partitions=12 ") == CommitNote{.partitions = 12});
    CHECK(decode_commit_note(k_golden_by_due + " pause=QUJD") ==
          CommitNote{.partitions = 12, .done = by_due()});
    const std::string map = k_golden_by_due.substr(k_golden_by_due.rfind(' '));
    CHECK(decode_commit_note("laterd1 partitions=7 pause=QUJD" + map) ==
          CommitNote{.partitions = 7, .done = by_due()});
}

TEST_CASE("a done map that cannot be read leaves the partition count", "[commit]") {
    const std::string map = GENERATE(
        // Version 2, an unknown flag, and something behind the last exception.
        "AgDvzauJZ0UjAeyYsQL2sYPFmGiImLECA8CWsQKA9JbFmGiVAcCpB4sBvuLhuueX////AQPAlrECAKkCeeT0MQ",
        "AQLvzauJZ0UjAeyYsQL2sYPFmGiImLECA8CWsQKA9JbFmGiVAcCpB4sBvuLhuueX////AQPAlrECAKkCS3ppZw",
        "AQDvzauJZ0UjAeyYsQL2sYPFmGiImLECA8CWsQKA9JbFmGiVAcCpB4sBvuLhuueX////AQPAlrECAKkCALAFvX0",
        // An exception at the end, a count beyond the text, offsets that fall, an end beyond 63 bits, a number beyond
        // 64 bits, nothing behind the rule, an exception in an empty map; each with a good checksum.
        "AQHvzauJZ0UjAQoBClQFToE", "AQHvzauJZ0UjAQqAgICAgCBJLp61", "AQHvzauJZ0UjAQoCA/7//////////wHoue5e",
        "AQHvzauJZ0UjAYCAgICAgICAgAEAoS1cUQ", "AQHvzauJZ0UjAf///////////wIAFX6kvQ", "AQDvzauJZ0UjAWY+US0",
        "AQHvzauJZ0UjAQABAJxpDGw",
        // Not base64, or hardly anything.
        "", "QUJD", "AAAAAA", "AAAAA",
        "AQHvzauJZ0UjAeyYsQIDwJaxAgCpAu0QVY==", "AQHvzauJZ0UjAeyYsQID_JaxAgCpAu0QVYI");
    INFO("map \"" << map << "\"");
    CHECK(decode_commit_note("laterd1 partitions=12 done=" + map) == CommitNote{.partitions = 12});
}

TEST_CASE("a damaged done map is never taken for a whole one", "[commit]") {
    const std::string& note = GENERATE(k_golden_by_due, k_golden_by_position);
    const std::size_t start = note.find("done=") + 5;
    for (std::size_t place = start; place < note.size(); ++place) {
        REQUIRE(decode_commit_note(note.substr(0, place)) == CommitNote{.partitions = 12});
        for (int byte = 0; byte < 256; ++byte) {
            std::string damaged = note;
            damaged[place] = static_cast<char>(byte);
            if (damaged == note) {
                continue;
            }
            const auto read = decode_commit_note(damaged);
            INFO("note \"" << damaged << "\"");
            REQUIRE(read == CommitNote{.partitions = 12});
        }
    }
}

TEST_CASE("foreign and damaged commit notes are ignored", "[commit]") {
    const std::string text = GENERATE(
        "", "laterd", "laterd1", "laterd1 ", "laterd1 partitions=", "laterd1 partitions= 12",
        "laterd1 partitions=0", "laterd1 partitions=-3", "laterd1 partitions=12x",
        "laterd1 partitions=2147483648", "laterd1 partitions=99999999999999999999", "laterd2 partitions=12",
        "Laterd1 partitions=12", " laterd1 partitions=12", "done by somebody else", "\xff\xfe\x80",
        "laterd1 partitions=1\xff", "done=AQHvzauJZ0UjAeyYsQIDwJaxAgCpAu0QVYI",
        // Kafka Streams writes a version byte and a timestamp, the Parallel Consumer a run-length map of its own.
        "AgAAAZYDxZ0A", "AwAAAAABAAAAAgAAAAMAAAAE", "bAsAAAAAAAECAwQ=", "{\"offset\":12}");
    INFO("note \"" << text << "\"");
    CHECK_FALSE(decode_commit_note(text).has_value());
}
