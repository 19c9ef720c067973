#include "core/commit_note.h"

#include "support/catch.hpp"

#include <string>

using namespace laterd::core;

TEST_CASE("a commit note says how many partitions the topic had", "[commit]") {
    CHECK(encode({.partitions = 12}) == "laterd1 partitions=12");
    const std::int32_t partitions = GENERATE(1, 12, 2'147'483'647);
    CHECK(decode_commit_note(encode({.partitions = partitions})) == CommitNote{.partitions = partitions});
}

TEST_CASE("what a later laterd appends to a commit note is skipped", "[commit]") {
    CHECK(decode_commit_note("laterd1 partitions=12 done=QUJD") == CommitNote{.partitions = 12});
}

TEST_CASE("foreign and damaged commit notes are ignored", "[commit]") {
    const std::string text =
        GENERATE("", "laterd", "laterd1", "laterd1 ", "laterd1 partitions=", "laterd1 partitions= 12",
                 "laterd1 partitions=0", "laterd1 partitions=-3", "laterd1 partitions=12x",
                 "laterd1 partitions=2147483648", "laterd1 partitions=99999999999999999999",
                 "laterd2 partitions=12", "Laterd1 partitions=12", " laterd1 partitions=12",
                 "done by somebody else", "\xff\xfe\x80", "laterd1 partitions=1\xff");
    INFO("note \"" << text << "\"");
    CHECK_FALSE(decode_commit_note(text).has_value());
}
