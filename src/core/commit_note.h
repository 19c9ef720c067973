// The metadata string that goes with a committed offset: what a later owner of the partition has to know.
//
// Text, for Kafka stores it as a UTF-8 string: `laterd1 partitions=12 done=AQAVzVsH...`. The partition count tells later
// whether a partition was added to its topic after the group began to read it; the done map, when there is one, what
// has settled above the offset (done_map_text.h). What follows a blank and is not known is skipped. Foreign notes are
// ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/done_map.h"

namespace laterd::core {

struct CommitNote {
    std::int32_t partitions = 0;  // of the topic when the offset was committed; > 0
    std::optional<DoneMap> done;

    bool operator==(const CommitNote&) const = default;
};

// What a broker takes by default (`offset.metadata.max.bytes`).
inline constexpr std::size_t k_note_chars_most = 4096;

// The most that a note has before its done map.
inline constexpr std::size_t k_done_head_chars =
    std::string_view("laterd1 partitions=2147483647 done=").size();

// At most `room_chars` long, or as long as the partition count makes it: a done map that does not fit is left out.
std::string encode(const CommitNote& note, std::size_t room_chars = k_note_chars_most);

// nullopt when it is another program's, another version's, or the partition count is damaged. Without a done map when
// that is damaged, or another version's.
std::optional<CommitNote> decode_commit_note(std::string_view text);

}  // namespace laterd::core
