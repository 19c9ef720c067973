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

// What epoll hands back: the descriptor, and which of its sources. The timers are number 0.
std::uint64_t tag(int fd, std::uint32_t number) noexcept {
    return std::uint64_t{number} << 32U | static_cast<std::uint32_t>(fd);
}

std::uint32_t epoll_events(Poller::Interest interest) noexcept {
    return (interest.read ? EPOLLIN : 0U) | (interest.write ? EPOLLOUT : 0U);
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
    register_fd(wall_timer_.get(), EPOLLIN, 0, true);
    register_fd(steady_timer_.get(), EPOLLIN, 0, true);
    arm_wall(std::nullopt);
}

void Poller::add(int fd, std::function<void()> ready) {
    watch(fd, {.read = true}, [ready = std::move(ready)](Ready) { ready(); });
}

void Poller::watch(int fd, Interest interest, std::function<void(Ready)> ready) {
    const auto place = static_cast<std::size_t>(fd);
    if (place >= sources_.size()) {
        sources_.resize(place + 1);
    }
    const std::uint32_t number = ++last_number_;
    register_fd(fd, epoll_events(interest), number, !sources_[place]);
    if (sources_[place]) {
        removed_.push_back(std::move(sources_[place]));
    }
    sources_[place] = std::make_unique<Source>(Source{.number = number, .ready = std::move(ready)});
}

void Poller::register_fd(int fd, std::uint32_t events, std::uint32_t number, bool anew) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag(fd, number);
    if (epoll_ctl(epoll_.get(), anew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

Poller::Source* Poller::source(int fd) noexcept {
    const auto place = static_cast<std::size_t>(fd);
    return fd >= 0 && place < sources_.size() ? sources_[place].get() : nullptr;
}

void Poller::remove(int fd) noexcept {
    if (source(fd) != nullptr) {
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
        removed_.push_back(std::move(sources_[static_cast<std::size_t>(fd)]));
    }
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
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const auto fd = static_cast<int>(event.data.u64 & UINT32_MAX);
        if (fd == wall_timer_.get()) {
            stepped_ = !clear_timer(fd) || stepped_;
            wall_armed_.reset();
        } else if (fd == steady_timer_.get()) {
            clear_timer(fd);
            steady_armed_.reset();
        } else {
            call(fd, static_cast<std::uint32_t>(event.data.u64 >> 32U), event.events);
        }
    }
    removed_.clear();
    return {.clock_stepped = std::exchange(stepped_, false)};
}

void Poller::call(int fd, std::uint32_t number, std::uint32_t events) {
    const Source* const found = source(fd);
    if (found == nullptr || found->number != number) {
        return;  // an earlier call of this turn removed it
    }
    found->ready({.read = (events & EPOLLIN) != 0,
                  .write = (events & EPOLLOUT) != 0,
                  .failed = (events & (EPOLLERR | EPOLLHUP)) != 0});
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
