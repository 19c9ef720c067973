// One consumed record as the core sees it: its place, when it is due and what it costs, but not its bytes.
//
// The shell derives from Record and keeps key, value and headers there. A record has one owner at any time: the
// shell that fetched it, the hold, the sink it was delivered to, and the core again with its outcome.
#pragma once

#include <cstdint>
#include <memory>

#include "core/reason.h"
#include "core/time.h"

namespace laterd::core {

using Offset = std::int64_t;  // as in Kafka, >= 0
using Slot = std::uint32_t;   // a partition's place in its worker, reused for the same partition later
using Epoch = std::uint32_t;  // number of an assignment in its worker, from 1; a larger one is newer

// What a topic is to its route.
enum class Role : std::uint8_t { source, retry, waiting };

// How the records of a partition wait for each other.
enum class Order : std::uint8_t {
    partition,  // a record waits for all earlier ones
    due,        // released when due, whatever its position
};

// What has to happen to a record once it may be released.
enum class Fate : std::uint8_t {
    deliver,      // to the sink
    wait,         // to the waiting topic: it is far away
    dead_letter,  // to the dead-letter topic, with its reason
    stop,         // its partition stops here until an operator acts
};

// How a record is written by this delivery; a copy is the same command with another purpose.
enum class Purpose : std::uint8_t { deliver, retry, wait, dead_letter };

// How much of a dead letter is written; each step is tried when the broker refuses the one before for good.
enum class DeadLetterForm : std::uint8_t { whole, without_error, without_value };

// A hundred bytes or so per record that malloc, deques and the ledger cost on top of the record's own bytes.
inline constexpr std::uint32_t k_record_overhead = 160;

struct Record {
    Offset offset = 0;
    WallTime due{};  // release is allowed from here on; the epoch's start when it is due at once
    Slot slot = 0;
    Epoch epoch = 0;
    std::uint32_t bytes = 0;  // what it costs the budget while the core or a sink keeps it, overhead included
    Fate fate = Fate::deliver;
    Reason reason = Reason::none;   // why it is tried again, dead-lettered, or stops its partition
    std::uint16_t reason_code = 0;  // the handler's HTTP status when `reason` is http
    Purpose purpose = Purpose::deliver;
    DeadLetterForm form = DeadLetterForm::whole;
    bool alone = false;     // must be the only record of its produce request (refused before, or oversize)
    bool released = false;  // it was handed to the sink at least once

    std::uint32_t attempts = 0;  // deliveries made so far, those before this daemon read it included
    WallTime first_attempt{};    // of the first delivery; the epoch's start when there was none
    bool given_up = false;       // a dead letter that the guard has counted
    std::uint64_t turn = 0;      // the number of its release
    std::uint64_t sequence = 0;  // what may not be in flight together has the same number; 0 is free
    WallTime lap_end{};          // read from a waiting topic: looked at again from here on
    WallTime copy_due{};         // purpose retry or wait: what the copy says in `laterd-due`
    std::int32_t lap = 0;        // purpose wait: the waiting topic's partition

    // A copy that a delivery has led to.
    bool is_owed() const noexcept {
        return purpose == Purpose::retry || (purpose == Purpose::dead_letter && attempts > 0);
    }

    Record() = default;
    Record(const Record&) = delete;
    Record& operator=(const Record&) = delete;
    virtual ~Record() = default;
};

using RecordPtr = std::unique_ptr<Record>;

}  // namespace laterd::core
