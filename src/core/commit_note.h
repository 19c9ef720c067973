// The metadata string that goes with a committed offset: what a later owner of the partition has to know.
//
// Text, for Kafka stores it as a UTF-8 string: `laterd1 partitions=12`. The partition count tells later whether a
// partition was added to its topic after the group began to read it. Foreign notes are ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace laterd::core {

struct CommitNote {
    std::int32_t partitions = 0;  // of the topic when the offset was committed; > 0

    bool operator==(const CommitNote&) const = default;
};

std::string encode(const CommitNote& note);

// nullopt when it is another program's, another version's, or damaged.
std::optional<CommitNote> decode_commit_note(std::string_view text) noexcept;

}  // namespace laterd::core
