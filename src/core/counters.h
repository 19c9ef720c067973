// The numbers of one worker, under the names of the metrics page. One writer (the worker's loop), any reader.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/reason.h"
#include "core/time.h"

namespace laterd::core {

// A plain single-writer number: a relaxed store of load + n costs what a normal addition costs.
class Counter {
  public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// A number that may be unknown.
class Estimate {
  public:
    void set(std::optional<Milliseconds> value) noexcept {
        value_.store(value ? value->count() : k_unknown, std::memory_order_relaxed);
    }
    std::optional<Milliseconds> get() const noexcept {
        const std::int64_t value = value_.load(std::memory_order_relaxed);
        return value == k_unknown ? std::nullopt : std::optional(Milliseconds(value));
    }

  private:
    static constexpr std::int64_t k_unknown = std::numeric_limits<std::int64_t>::min();
    std::atomic<std::int64_t> value_{k_unknown};
};

// Lateness of released records in buckets of powers of two from 1 ms to 65 s and a last one for the rest.
class Lateness {
  public:
    static constexpr std::size_t k_buckets = 18;

    void observe(Milliseconds late) noexcept;

    // Upper bound of bucket `i` in milliseconds; the last has none (-1).
    static std::int64_t upper_ms(std::size_t i) noexcept {
        return i + 1 < k_buckets ? (std::int64_t{1} << i) : -1;
    }
    std::uint64_t count(std::size_t i) const noexcept { return buckets_[i].get(); }
    std::uint64_t total() const noexcept;
    std::uint64_t sum_ms() const noexcept { return sum_ms_.get(); }
    std::uint64_t max_ms() const noexcept { return max_ms_.get(); }

    // The upper bound of the bucket that holds the quantile `q` (0..1); 0 when nothing was observed.
    std::int64_t quantile_ms(double q) const noexcept;

  private:
    std::array<Counter, k_buckets> buckets_;
    Counter sum_ms_;
    Counter max_ms_;
};

// Why a record was knowingly given up to come twice.
enum class DuplicateCause : std::uint8_t { revoked, lost, restarted, refused };

// Counts by reason; those with the reason http by the handler's status, too.
struct ByReason {
    static constexpr std::size_t k_statuses = 600;
    std::array<Counter, k_reasons> reason;
    std::array<Counter, k_statuses> status;
};

struct Counters {
    Counter consumed;
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
    Lateness lateness;
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
    Counter lag;                        // end offsets minus committable offsets, from the broker
    Counter gate;                       // Gate::State as a number; 3 = stopped, 4 = draining
    Counter clock_step_ms;
    // By Role: what Kafka keeps a record for less what one waits in that topic at most; of sources the smallest.
    std::array<Estimate, 3> retention_margin;
};

}  // namespace laterd::core
