#include "service/watchdog.h"

#include <algorithm>

#include "log/log.h"

namespace laterd::service {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_unwatched_timeout{30'000};
constexpr milliseconds k_least_limit{3'000};
// While one is stuck: it may come back, and the manager has to hear of it in time.
constexpr milliseconds k_again{1'000};

milliseconds timeout_or_default(std::optional<std::chrono::microseconds> timeout) {
    return timeout ? std::chrono::floor<milliseconds>(*timeout) : k_unwatched_timeout;
}

}  // namespace

Watchdog::Watchdog(std::optional<std::chrono::microseconds> timeout, std::function<void()> feed)
    : interval_(std::max(timeout_or_default(timeout) / 4, milliseconds{1})),
      limit_(std::max(timeout_or_default(timeout) / 2, k_least_limit)),
      feed_(timeout ? std::move(feed) : [] {}) {}

core::SteadyTime Watchdog::attend(std::span<const Pulse> pulses, milliseconds boot, core::SteadyTime now) {
    if (next_ && now < *next_) {
        return *next_;
    }
    // This thread was away itself (a frozen process, a suspended machine): the workers have to get their turn first.
    if (boot - last_look_ > interval_ + k_again) {
        awake_since_ = boot;
    }
    last_look_ = boot;
    bool all_turn = true;
    for (const Pulse& pulse : pulses) {
        const milliseconds still = boot - std::max(pulse.last_turn, awake_since_);
        const bool is_stuck = still > (pulse.is_closing ? k_closing_limit : limit_);
        tell(pulse, is_stuck, still);
        all_turn = all_turn && !is_stuck;
    }
    if (all_turn) {
        feed_();
    }
    next_ = now + (all_turn ? interval_ : std::min(interval_, k_again));
    return *next_;
}

// Once, until it turns again.
void Watchdog::tell(const Pulse& pulse, bool is_stuck, milliseconds still) {
    const std::pair<std::string, int> who(pulse.route, pulse.worker);
    if (is_stuck && stuck_.insert(who).second) {
        log::error("worker stuck", {{"route", pulse.route},
                                    {"worker", pulse.worker},
                                    {"for_ms", still.count()},
                                    {"hint",
                                     "its loop does not turn; a service manager's watchdog restarts "
                                     "laterd, else restart it"}});
    } else if (!is_stuck && stuck_.erase(who) > 0) {
        log::warn("worker turns again", {{"route", pulse.route}, {"worker", pulse.worker}});
    }
}

}  // namespace laterd::service
