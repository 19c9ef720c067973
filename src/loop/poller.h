// One thread's wait for file descriptors and for points in time (epoll and timerfd).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

    struct Interest {
        bool read = false;
        bool write = false;

        bool operator==(const Interest&) const = default;
    };
    // What a descriptor is ready for; `failed` (an error, or the peer hung up) comes whether it was asked for or not.
    struct Ready {
        bool read = false;
        bool write = false;
        bool failed = false;
    };
    // The same for reading, writing or both. A descriptor that is watched already gets the new interest and call.
    void watch(int fd, Interest interest, std::function<void(Ready)> ready);

    // No call follows, not even for what this turn has seen already. A descriptor that is not watched is no error.
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
    struct Source {
        std::uint32_t number;  // tells it from an earlier source with the same descriptor
        std::function<void(Ready)> ready;
    };
    void register_fd(int fd, std::uint32_t events, std::uint32_t number, bool anew);
    void call(int fd, std::uint32_t number, std::uint32_t events);
    Source* source(int fd) noexcept;

    Fd epoll_;
    Fd wall_timer_;    // CLOCK_REALTIME, TFD_TIMER_CANCEL_ON_SET: also tells when the clock was stepped
    Fd steady_timer_;  // CLOCK_MONOTONIC
    std::optional<core::WallTime> wall_armed_;
    std::optional<core::SteadyTime> steady_armed_;
    bool stepped_ = false;                          // seen and not reported yet
    std::vector<std::unique_ptr<Source>> sources_;  // by descriptor
    std::vector<std::unique_ptr<Source>> removed_;  // in this turn: one of them may be running
    std::uint32_t last_number_ = 0;
};

}  // namespace laterd::loop
