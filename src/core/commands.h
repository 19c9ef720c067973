// What the core asks its shell to do. The shell executes and clears; the order of the members is the order to
// execute them in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "core/time.h"

namespace laterd::core {

struct AssignEntry {
    Slot slot;
    Offset offset;  // the first offset to read
    bool paused;
};

struct ResumeEntry {
    Slot slot;
    Offset offset;  // seek there before resuming: the client's own position is not to be relied on
};

struct CommitEntry {
    Slot slot;
    Epoch epoch;
    Offset offset;
    std::string note;  // the commit's metadata; comes back as Position::done and partitions_before
};

struct CommitRequest {
    std::uint64_t id = 0;  // comes back with the answer
    std::vector<CommitEntry> entries;
};

// Something to tell people; the shell logs it.
struct Notice {
    enum class Kind : std::uint8_t {
        partition_stopped,  // reason, offset: the record at the head that nobody may pass
        position_stopped,   // offset: the position that lies above the log's end
        records_lost,       // count records were deleted by the broker before they were read, up to offset
        position_moved,     // offset: the position lay above the log's end and goes on here (out_of_range)
        gate_holding,       // reason: why the route cannot deliver
        gate_open,
        hold_full,      // reading stops: what is held is not due yet and leaves no room
        copy_backoff,   // reason, offset, purpose: a copy could not be written; tried again
        dead_lettered,  // reason, offset (the shell adds the error)
        duplicates,     // count records in flight were given up (revoked or lost)
        suspended,
        unsuspended,
        commit_failed,  // count entries
    };
    Kind kind;
    Slot slot = 0;
    Offset offset = 0;
    std::uint64_t count = 0;
    Reason reason = Reason::none;
    Purpose purpose = Purpose::deliver;
    std::uint16_t code = 0;  // the HTTP status when `reason` is http
};

struct Commands {
    // 1. One request; answered by Pipeline::committed. Sent even when `unassign` follows: the next owner sees it.
    std::optional<CommitRequest> commit;
    // 2. Give up the whole assignment and answer the client's rebalance; nothing of it is used afterwards.
    bool unassign = false;
    // 3. Read exactly these partitions from these offsets; replaces what the client had.
    std::optional<std::vector<AssignEntry>> assign;
    // 4.
    std::vector<Slot> pause;
    std::vector<ResumeEntry> resume;
    // 5. Find out committed offset, log start and log end of these; answered by Pipeline::positions.
    std::vector<Slot> look_up;
    // 6. In order within a partition; answered by Pipeline::outcomes, each exactly once.
    std::vector<RecordPtr> deliveries;
    // 7.
    std::vector<Notice> notices;
    // 8. Call Pipeline::tick again at the earlier of these, or after any event.
    std::optional<WallTime> wake_wall;
    std::optional<SteadyTime> wake_steady;
    // The drain is over: everything settled is committed, or its time ran out.
    bool drained = false;

    void clear() {
        commit.reset();
        unassign = false;
        assign.reset();
        pause.clear();
        resume.clear();
        look_up.clear();
        deliveries.clear();
        notices.clear();
        wake_wall.reset();
        wake_steady.reset();
        drained = false;
    }
};

}  // namespace laterd::core
