// What happens next in a simulated world, and when: events in the order of their instants, ties in the order in which
// they were entered.
#pragma once

#include <cassert>
#include <functional>
#include <queue>
#include <vector>

#include "core/time.h"

namespace laterd::simulation {

using core::SteadyTime;

class Agenda {
  public:
    void at(SteadyTime when, std::function<void()> what) {
        assert(when >= now_);
        events_.push({.when = when, .number = ++last_, .what = std::move(what)});
    }

    SteadyTime now() const noexcept { return now_; }

    // Everything up to `until`, and what comes of it; then it is `until`.
    void run_until(SteadyTime until) {
        while (!events_.empty() && events_.top().when <= until) {
            // A priority queue hands out only const; the event is gone before it can be compared again.
            auto what = std::move(const_cast<Event&>(events_.top()).what);
            now_ = events_.top().when;
            events_.pop();
            what();
        }
        now_ = until;
    }

  private:
    struct Event {
        SteadyTime when;
        std::uint64_t number;
        std::function<void()> what;

        bool operator<(const Event& other) const noexcept {
            return when != other.when ? when > other.when : number > other.number;
        }
    };

    std::priority_queue<Event> events_;
    std::uint64_t last_ = 0;
    SteadyTime now_{};
};

}  // namespace laterd::simulation
