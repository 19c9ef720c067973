#include "loop/clock.h"

#include <ctime>

namespace laterd::loop {

namespace {

std::chrono::nanoseconds read(clockid_t clock) noexcept {
    timespec time{};
    clock_gettime(clock, &time);  // cannot fail for the clocks below
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace

core::Now read_clocks() noexcept {
    return {.wall = core::WallTime{std::chrono::floor<core::Milliseconds>(read(CLOCK_REALTIME))},
            .steady = core::SteadyTime{read(CLOCK_MONOTONIC)}};
}

std::chrono::milliseconds read_boot_time() noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(read(CLOCK_BOOTTIME));
}

}  // namespace laterd::loop
