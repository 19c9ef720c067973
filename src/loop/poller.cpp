#include "loop/poller.h"

#include "loop/clock.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace laterd::loop {

namespace {

// The wall timer is always armed, or nobody would tell that the clock was stepped: this far away (the year
// 2255) when nothing is wanted. The kernel counts nanoseconds in 64 bits from 1970, so a later instant waits
// until then as well.
constexpr core::WallTime k_far_wall{std::chrono::seconds{9'000'000'000}};

constexpr int k_ready_max = 64;

[[noreturn]] void fail(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

Fd checked(int fd, const char* call) {
    if (fd < 0) {
        fail(call);
    }
    return Fd(fd);
}

void watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

timespec to_timespec(std::chrono::nanoseconds since_epoch) noexcept {
    // All zero would disarm the timer.
    since_epoch = std::max(since_epoch, std::chrono::nanoseconds{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    timespec time{};
    time.tv_sec = static_cast<time_t>(seconds.count());
    time.tv_nsec = static_cast<long>((since_epoch - seconds).count());
    return time;
}

// Returns false when the clock was stepped since the timer was set or read the last time; it is set all the
// same.
bool set_timer(int timer, int flags, std::chrono::nanoseconds at) {
    itimerspec when{};
    when.it_value = to_timespec(at);
    if (timerfd_settime(timer, flags, &when, nullptr) == 0) {
        return true;
    }
    if (errno != ECANCELED) {
        fail("timerfd_settime");
    }
    return false;
}

// Returns false when the clock was stepped.
bool clear_timer(int timer) noexcept {
    std::uint64_t expirations = 0;
    return read(timer, &expirations, sizeof expirations) >= 0 || errno != ECANCELED;
}

}  // namespace

Poller::Poller()
    : epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wall_timer_(checked(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")),
      steady_timer_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")) {
    watch(epoll_.get(), wall_timer_.get());
    watch(epoll_.get(), steady_timer_.get());
    arm_wall(std::nullopt);
}

void Poller::add(int fd, std::function<void()> ready) {
    watch(epoll_.get(), fd);
    sources_.push_back({.fd = fd, .ready = std::move(ready)});
}

void Poller::remove(int fd) noexcept {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    std::erase_if(sources_, [fd](const Source& source) { return source.fd == fd; });
}

Poller::Woken Poller::wait(std::optional<core::WallTime> wall, std::optional<core::SteadyTime> steady) {
    const core::Now now = read_clocks();
    const bool passed = (wall && *wall <= now.wall) || (steady && *steady <= now.steady);
    if (!passed) {
        arm_wall(wall);
        arm_steady(steady);
    }
    std::array<epoll_event, k_ready_max> events;
    const int count = epoll_wait(epoll_.get(), events.data(), k_ready_max, passed || stepped_ ? 0 : -1);
    if (count < 0 && errno != EINTR) {
        fail("epoll_wait");
    }
    for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == wall_timer_.get()) {
            stepped_ = !clear_timer(fd) || stepped_;
            wall_armed_.reset();
        } else if (fd == steady_timer_.get()) {
            clear_timer(fd);
            steady_armed_.reset();
        } else {
            call(fd);
        }
    }
    return {.clock_stepped = std::exchange(stepped_, false)};
}

void Poller::call(int fd) {
    const auto source =
        std::find_if(sources_.begin(), sources_.end(), [fd](const Source& s) { return s.fd == fd; });
    if (source != sources_.end()) {                         // else an earlier one of this turn removed it
        const std::function<void()> ready = source->ready;  // it may remove itself
        ready();
    }
}

void Poller::arm_wall(std::optional<core::WallTime> at) {
    const core::WallTime wanted = std::min(at.value_or(k_far_wall), k_far_wall);
    if (wall_armed_ == wanted) {
        return;
    }
    stepped_ = !set_timer(wall_timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
                          std::max(wanted, core::WallTime{}).time_since_epoch()) ||
               stepped_;
    wall_armed_ = wanted;
}

void Poller::arm_steady(std::optional<core::SteadyTime> at) {
    if (!at || steady_armed_ == at) {
        // An armed time that is no longer wanted wakes once for nothing; that is cheaper than disarming it
        // each time.
        return;
    }
    set_timer(steady_timer_.get(), TFD_TIMER_ABSTIME, at->time_since_epoch());
    steady_armed_ = at;
}

}  // namespace laterd::loop
