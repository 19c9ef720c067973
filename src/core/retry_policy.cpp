#include "core/retry_policy.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace laterd::core {

namespace {

constexpr Milliseconds k_retry_after_most = std::chrono::hours(1);

// `delay` may be infinite; what is beyond `most` is cut to it before it becomes a whole number.
Milliseconds cut(double delay, Milliseconds most) noexcept {
    if (delay >= static_cast<double>(most.count())) {
        return most;
    }
    return Milliseconds(std::max<long long>(std::llround(delay), 1));
}

}  // namespace

Milliseconds delay_after(const Backoff& backoff, std::uint32_t made, double random) noexcept {
    const std::uint32_t before = made > 0 ? made - 1 : 0;
    if (!backoff.steps.empty()) {
        return backoff.steps[std::min<std::size_t>(before, backoff.steps.size() - 1)];
    }
    const double grown =
        static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, static_cast<double>(before));
    // Cut before the jitter, too: else whoever has reached `max` would come back at one instant.
    const double steady = std::min(grown, static_cast<double>(backoff.max.count()));
    return cut(steady * (1 + backoff.jitter * (2 * random - 1)), backoff.max);
}

Milliseconds retry_after_most(const Backoff& backoff) noexcept {
    return backoff.steps.empty() ? backoff.max : k_retry_after_most;
}

Milliseconds longest_delay(const Backoff& backoff) noexcept {
    Milliseconds longest = retry_after_most(backoff);
    for (const Milliseconds step : backoff.steps) {
        longest = std::max(longest, step);
    }
    return longest;
}

Retrial decide_retrial(const RetryPolicy& policy, std::uint32_t made, WallTime since, WallTime now,
                       std::optional<Milliseconds> asked, double random) noexcept {
    if (policy.has_topic && made >= policy.attempts) {
        return {.reason = Reason::attempts_exhausted};
    }
    Milliseconds delay = delay_after(policy.backoff, made, random);
    if (asked) {
        delay = std::max(delay, std::min(*asked, retry_after_most(policy.backoff)));
    }
    if (policy.max_age && now + delay > since + *policy.max_age) {
        return {.reason = Reason::too_old};
    }
    return {.again = true, .delay = delay};
}

}  // namespace laterd::core
