// Whether a route may deliver.
//
//   state    | not attempted          | delivered       | probe time
//   ---------+------------------------+-----------------+-----------
//   open     | holding                | open            | -
//   holding  | holding (late answers) | holding (late)  | probing: exactly one delivery
//   probing  | holding, longer backoff| open, ramping   | -
//
// Ramping: a sink that has just begun or come back is not met by everything at once; how much may be in flight doubles with
// every round of answers, and every tenth of a second when they take longer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/reason.h"
#include "core/time.h"

namespace laterd::core {

class Gate {
  public:
    enum class State : std::uint8_t { open, holding, probing };

    State state() const noexcept { return state_; }
    Reason reason() const noexcept { return reason_; }
    bool is_open() const noexcept { return state_ == State::open; }

    // How many deliveries may be in flight while it is open.
    std::uint32_t width(SteadyTime now) noexcept {
        if (opened_at_ == SteadyTime{}) {
            opened_at_ = now;
        }
        const auto rounds = std::clamp<std::int64_t>((now - opened_at_) / k_round, 0, 20);
        return std::max(width_, std::uint32_t{1} << static_cast<std::uint32_t>(rounds));
    }

    // When it is wider, whatever is answered until then.
    static SteadyTime wider_at(SteadyTime now) noexcept { return now + k_round; }

    // A delivery could not be attempted. Returns true when this closed the gate, or when it holds for another reason now.
    bool hold(Reason reason, SteadyTime now) noexcept {
        const bool closed = state_ == State::open;
        if (closed) {
            // Closed again at once: what answers is not what fails (one partition of the target is missing, say).
            backoff_ = opened_at_ != SteadyTime{} && now < opened_at_ + k_settled
                           ? std::min(backoff_ * 2, k_longest)
                           : k_first;
        } else if (state_ == State::probing) {
            backoff_ = std::min(backoff_ * 2, k_longest);
        } else {
            return false;
        }
        const bool is_new = closed || reason != reason_;
        state_ = State::holding;
        reason_ = reason;
        probe_at_ = now + pause();
        return is_new;
    }

    // A delivery was made (or judged by its content): the sink answers. Returns true when this opened the gate.
    bool answered(SteadyTime now) noexcept {
        if (state_ == State::open) {
            width_ = std::min(width_ + 1, k_widest);
        }
        if (state_ != State::probing) {
            return false;
        }
        state_ = State::open;
        reason_ = Reason::none;
        opened_at_ = now;
        width_ = 1;
        return true;
    }

    bool may_probe(SteadyTime now) const noexcept { return state_ == State::holding && now >= probe_at_; }
    void probe() noexcept { state_ = State::probing; }

    // The probe's answer will never come (its assignment is over): probe again.
    void unprobe() noexcept { state_ = State::holding; }

    // Only while holding.
    SteadyTime probe_at() const noexcept { return probe_at_; }

    // Somebody has to act before a 410 or the guard ends.
    static constexpr std::chrono::minutes k_unhurried{1};

  private:
    // A mend is noticed within 2 s: the longest backoff plus the time a probe takes.
    static constexpr std::chrono::milliseconds k_first{100};
    static constexpr std::chrono::milliseconds k_longest{1'000};
    static constexpr std::chrono::seconds k_settled{5};
    static constexpr std::uint32_t k_widest = 1'000'000;
    static constexpr std::chrono::milliseconds k_round{100};

    Nanoseconds pause() const noexcept {
        if (reason_ == Reason::guard || reason_ == Reason::handler_gone) {
            return k_unhurried;
        }
        return backoff_;
    }

    State state_ = State::open;
    Reason reason_ = Reason::none;
    std::chrono::milliseconds backoff_ = k_first;
    SteadyTime probe_at_{};
    SteadyTime opened_at_{};
    std::uint32_t width_ = 1;
};

}  // namespace laterd::core
