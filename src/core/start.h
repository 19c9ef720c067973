// Where to begin reading a partition: from what is committed, the ends of its log and the route's wishes.
#pragma once

#include <cstdint>
#include <optional>

#include "core/done_map.h"
#include "core/record.h"

namespace laterd::core {

enum class StartPolicy : std::uint8_t { earliest, latest };
enum class OutOfRange : std::uint8_t { stop, earliest, latest };

// What the shell found out about a partition.
struct Position {
    Slot slot = 0;
    Epoch epoch = 0;
    bool known = false;  // false: asked, and not answered in time or with an error. Never means "none"
    std::optional<Offset> committed;  // the group's committed offset
    Offset low = 0;                   // the log's start
    Offset high = 0;                  // the log's end (the next offset to be written)
    std::int32_t partitions = 0;      // how many the topic has now; > 0 when known
    std::int32_t partitions_before =
        0;                        // the largest count in any commit note of this topic; 0 when there is none
    std::optional<DoneMap> done;  // from the commit note of `committed`
};

struct Start {
    enum class Kind : std::uint8_t { ask_again, begin, stop };
    Kind kind = Kind::ask_again;
    Offset offset = 0;          // begin: the first offset to read
    bool commit_first = false;  // begin: commit `offset` before the first record is admitted
    Offset lost = 0;            // records that the broker deleted before they were read
};

// `reading_at`: the position of a partition that is being read already (its own position counts, not the committed
// one). `number` is the partition's number in its topic.
Start decide_start(const Position& found, std::optional<Offset> reading_at, std::int32_t number, Role role,
                   StartPolicy start, OutOfRange out_of_range) noexcept;

}  // namespace laterd::core
