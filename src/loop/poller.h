// One thread's wait for file descriptors and for points in time (epoll and timerfd).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/time.h"
#include "loop/fd.h"

namespace laterd::loop {

class Poller {
  public:
    // Throws std::system_error when the kernel refuses.
    Poller();

    // Calls `ready` from wait() while `fd` can be read (level triggered). `fd` is borrowed until removed. `ready` must
    // not throw.
    void add(int fd, std::function<void()> ready);
    void remove(int fd) noexcept;

    struct Woken {
        bool clock_stepped = false;  // somebody set the wall clock
    };

    // Waits for a descriptor or the earlier of the two times (none: only descriptors), then calls what is ready.
    // Times that have passed mean: look at the descriptors and return.
    Woken wait(std::optional<core::WallTime> wall, std::optional<core::SteadyTime> steady);

  private:
    void arm_wall(std::optional<core::WallTime> at);
    void arm_steady(std::optional<core::SteadyTime> at);
    void call(int fd);

    struct Source {
        int fd;
        std::function<void()> ready;
    };
    Fd epoll_;
    Fd wall_timer_;    // CLOCK_REALTIME, TFD_TIMER_CANCEL_ON_SET: also tells when the clock was stepped
    Fd steady_timer_;  // CLOCK_MONOTONIC
    std::optional<core::WallTime> wall_armed_;
    std::optional<core::SteadyTime> steady_armed_;
    bool stepped_ = false;  // seen and not reported yet
    std::vector<Source> sources_;
};

}  // namespace laterd::loop
