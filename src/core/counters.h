// The numbers of one worker, under the names of the metrics page. One writer (the worker's loop), any reader.
#pragma once

#include <array>
#include <cstdint>

#include "core/by_topic.h"
#include "core/counter.h"
#include "core/durations.h"
#include "core/handler_times.h"
#include "core/reason.h"

namespace laterd::core {

// Why a record was knowingly given up to come twice.
enum class DuplicateCause : std::uint8_t { revoked, lost, restarted, refused };

// Counts by reason; those with the reason http by the handler's status, too.
struct ByReason {
    static constexpr std::size_t k_statuses = 600;
    std::array<Counter, k_reasons> reason;
    std::array<Counter, k_statuses> status;
};

// What `gate` says while the worker drains.
inline constexpr std::uint64_t k_gate_draining = 4;

struct Counters {
    Counter consumed;
    ByTopic topics;
    Counter released;
    Counter delivered;
    Counter rejected;
    Counter not_attempted;
    Counter failed;    // outcome retry
    ByReason retries;  // copies in the retry topic and tries in place
    ByReason dead_letters;
    Counter lost;                       // deleted by the broker before their time
    std::array<Counter, 4> duplicates;  // by DuplicateCause
    Counter overtaken;                  // neighbours of a refused record that were overtaken
    Durations lateness;                 // of released records
    HandlerTimes handler_times;
    Counter rebalances;
    Counter commits;
    Counter commit_errors;

    // Gauges, set once per loop turn.
    Counter held_records;
    Counter held_bytes;
    Counter in_flight;
    Counter overdue_ms;                 // now minus the oldest unsettled due time, 0 when none
    Counter next_due_ms;                // Unix ms; 0 when nothing waits
    Counter commit_age_ms;              // since the last answered commit while something is uncommitted
    Counter hold_full_ms;               // how long reading was stopped by the budget, in all
    std::array<Counter, 4> partitions;  // hot, warm, cold, stopped
    Counter gate;                       // Gate::State as a number, or k_gate_draining
    Counter clock_step_ms;
    // By Role: what Kafka keeps a record for less what one waits in that topic at most; of sources the smallest.
    std::array<Estimate, 3> retention_margin;
};

// Of a worker that has ended nothing is held, in flight or assigned; what it has counted stays. By its one writer, before
// the next worker in its place becomes that.
void clear_gauges(Counters& counters);

}  // namespace laterd::core
