// The state of one partition during one assignment. A new assignment makes a new one; nothing survives.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/by_topic.h"
#include "core/done_map.h"
#include "core/hold.h"
#include "core/ledger.h"
#include "core/record.h"
#include "core/time.h"
#include "core/view.h"

namespace laterd::core {

struct Partition {
    //  asking -> committing -> running -> stopped
    //     ^         |             |
    //     +---------+-------------+   (out of range: ask again)
    enum class Phase : std::uint8_t {
        asking,      // where to begin is not known yet
        committing,  // the start position is being committed; nothing is read before that is answered
        running,
        stopped,  // releases nothing more until an operator acts
    };

    // What is kept of a cold partition's head when its records were dropped.
    struct Head {
        Offset offset;
        WallTime due;
    };

    Slot slot = 0;
    Epoch epoch = 0;
    std::int32_t number = 0;
    TopicCounters* topic = nullptr;
    Role role = Role::source;
    Order order = Order::partition;
    bool is_strict = false;  // nothing overtakes anything on its way to the sink, dead letters included
    Phase phase = Phase::asking;

    // Positions
    Ledger ledger;
    Hold hold;
    std::int32_t topic_partitions = 0;
    bool reassign_from_position = false;  // out of range while running: the own position counts
    SteadyTime ask_at{};                  // asking: not before
    SteadyTime out_of_range_at{};         // when the position lay outside of the log the last time
    Offset committed = 0;                 // the last answered commit
    Offset commit_sent = 0;               // the last commit sent; >= committed, except when it may go back
    bool note_is_stale = false;           // something has settled since the last commit was sent
    std::optional<DoneMap> earlier;       // what earlier owners had settled, until it has been read again
    std::vector<DoneMap::Far> far;        // which records were far away, by the offsets they were read at
    bool may_commit_back = false;         // out_of_range moved the start back: the next commit may be lower

    // Flow
    bool in_client = false;              // part of the last `assign`
    bool open = false;                   // not paused
    bool at_end = false;                 // everything there was has been read
    std::uint32_t record_bytes = 1'024;  // what the last record cost: how much the next ones may
    bool reading = true;                 // false: read far enough ahead (see TierTimes)
    std::optional<Head> cold_head;       // only while not open and nothing is held
    SteadyTime changed_at{};             // when it was opened or closed
    WallTime read_until{};               // the latest due time among what was admitted

    // Release
    std::uint32_t in_flight = 0;
    std::uint64_t in_flight_bytes = 0;
    bool alone_in_flight = false;
    std::uint32_t staged = 0;  // released, and waiting for its turn in the sequencer
    std::uint64_t staged_bytes = 0;
    std::uint32_t owed = 0;  // copies in the hold that a delivery has led to; an orderly end waits for them
    std::optional<Offset> stop_at;  // due order: the partition stops when everything before is settled
    Reason stop_reason = Reason::none;
    WallTime released_until{};                // the latest due time among what was released
    std::optional<WallTime> scheduled;        // its key in the set of partitions that can release
    std::optional<SteadyTime> backoff_until;  // a copy could not be written: not before
    std::chrono::milliseconds backoff{0};

    PartitionState state() const noexcept {
        if (phase == Phase::stopped) {
            return PartitionState::stopped;
        }
        if (!open) {
            return PartitionState::cold;
        }
        return reading ? PartitionState::hot : PartitionState::warm;
    }

    // Nothing has left the hold that is not settled.
    bool is_quiet() const noexcept { return in_flight == 0 && staged == 0; }

    bool is_idle() const noexcept { return hold.size() == 0 && is_quiet(); }

    // Until when nothing has to be read; nullopt when that is not known. In due order it never is: behind what is known may
    // lie something that is due sooner.
    std::optional<WallTime> idle_until() const noexcept {
        if (order == Order::due) {
            return std::nullopt;
        }
        if (const std::optional<WallTime> first = hold.line_at()) {
            return first;
        }
        return cold_head ? std::optional(cold_head->due) : std::nullopt;
    }

    // When the next record may be released; nullopt when none is known.
    std::optional<WallTime> head_due() const noexcept {
        if (hold.size() > 0) {
            return std::max(hold.next_at(), WallTime{});
        }
        return cold_head ? std::optional(cold_head->due) : std::nullopt;
    }
};

}  // namespace laterd::core
