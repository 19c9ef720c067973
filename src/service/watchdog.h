// Feeds the service manager's watchdog only while every worker's loop turns: a stuck worker is named in the log, and
// then the manager starts the process anew. Without a manager it is named all the same.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "core/time.h"
#include "service/pulse.h"

namespace laterd::service {

class Watchdog {
  public:
    // `timeout`: after how long without `feed` the manager acts; nullopt: nobody is to be fed.
    Watchdog(std::optional<std::chrono::microseconds> timeout, std::function<void()> feed);

    // Looks at the pulses if it is time; returns when to be called again. `boot`: the boot-time clock's now.
    core::SteadyTime attend(std::span<const Pulse> pulses, std::chrono::milliseconds boot,
                            core::SteadyTime now);

    // A loop turns at least once a second; one that has not turned for so long is stuck.
    std::chrono::milliseconds limit() const noexcept { return limit_; }

    // Ending clients whose cluster is away takes long, but not for ever.
    static constexpr std::chrono::milliseconds k_closing_limit{60'000};

  private:
    void tell(const Pulse& pulse, bool is_stuck, std::chrono::milliseconds still);

    const std::chrono::milliseconds interval_;
    const std::chrono::milliseconds limit_;
    const std::function<void()> feed_;
    std::optional<core::SteadyTime> next_;
    std::chrono::milliseconds last_look_{0};
    std::chrono::milliseconds awake_since_{0};
    std::set<std::pair<std::string, int>> stuck_;
};

}  // namespace laterd::service
