// What happens to a record whose delivery failed: when it is tried again, and when it is given up. Rules: interface page,
// `retry` of the routing table.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/reason.h"
#include "core/time.h"

namespace laterd::core {

// The delay before each further attempt.
struct Backoff {
    // Not empty: these delays, the last one for all attempts that follow; no jitter, no max.
    std::vector<Milliseconds> steps;
    // Else exponential.
    Milliseconds initial{5'000};  // >= 1
    double factor = 2;            // >= 1
    Milliseconds max{3'600'000};  // >= initial; jitter does not lead beyond it
    double jitter = 0.2;          // 0..1, the fraction up or down

    bool operator==(const Backoff&) const = default;
};

struct RetryPolicy {
    bool has_topic = false;      // false: in place
    std::uint32_t attempts = 5;  // deliveries in all, >= 1; means nothing in place
    Backoff backoff;
    std::optional<Milliseconds> max_age;  // since the first delivery, in place since the due time

    bool operator==(const RetryPolicy&) const = default;
};

// The delay after the `made`th delivery (1 first). `random` in [0, 1) draws the jitter; 0.5 is none.
Milliseconds delay_after(const Backoff& backoff, std::uint32_t made, double random) noexcept;

// What a `Retry-After` is cut to: the backoff's max, 1h when it has none (steps).
Milliseconds retry_after_most(const Backoff& backoff) noexcept;

// No retry record is due later than this after it was written.
Milliseconds longest_delay(const Backoff& backoff) noexcept;

struct Retrial {
    bool again = false;
    Milliseconds delay{0};         // again
    Reason reason = Reason::none;  // not again: attempts_exhausted or too_old
};

// After a failed delivery. `made`: deliveries so far, this one included. `since`: what max_age counts from. `asked`: the
// handler's Retry-After, which counts when it is later than the backoff.
Retrial decide_retrial(const RetryPolicy& policy, std::uint32_t made, WallTime since, WallTime now,
                       std::optional<Milliseconds> asked, double random) noexcept;

}  // namespace laterd::core
