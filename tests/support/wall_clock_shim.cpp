// Loaded into a program before its libraries (LD_PRELOAD): shifts the wall clock that the program sees by the offset in
// a ClockPage, and lets a change of it be felt as a clock that was set: absolute timers and waits are judged anew, and
// timers with TFD_TIMER_CANCEL_ON_SET answer ECANCELED, as timerfd_create(2) says.
//
// libfaketime will not do: it knows no ECANCELED, an armed timer stays where it was, and it does not see cnd_timedwait,
// so that librdkafka, which computes the end of its waits by the shifted clock, sleeps for as long as the shift.
//
// It covers what laterd and librdkafka call. Monotonic and boot time are the machine's.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <threads.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "support/clock_page.h"

namespace {

using laterd::support::ClockPage;

constexpr std::int64_t k_second = 1'000'000'000;
// How soon a wait notices that the clock was stepped.
constexpr std::int64_t k_slice = 10'000'000;

ClockPage* g_page = nullptr;

std::int64_t offset() noexcept {
    return g_page == nullptr ? 0 : g_page->offset_ns.load();
}

std::int64_t to_ns(const timespec& time) noexcept {
    return time.tv_sec * k_second + time.tv_nsec;
}

timespec to_timespec(std::int64_t ns) noexcept {
    return {.tv_sec = ns / k_second, .tv_nsec = ns % k_second};
}

// Calls into the kernel, not into the C library: there they would come back here.
timespec machine_time(clockid_t clock) noexcept {
    timespec time{};
    ::syscall(SYS_clock_gettime, clock, &time);
    return time;
}

std::int64_t shifted_now() noexcept {
    return to_ns(machine_time(CLOCK_REALTIME)) + offset();
}

// The timers on the wall clock, and which of them have a step to tell of.
class WallTimers {
  public:
    void created(int fd) {
        const std::lock_guard lock(mutex_);
        timers_.push_back({.fd = fd});
    }

    void closed(int fd) {
        const std::lock_guard lock(mutex_);
        std::erase_if(timers_, [fd](const Timer& timer) { return timer.fd == fd; });
    }

    int set(int fd, int flags, const itimerspec& when, itimerspec* old) {
        const std::lock_guard lock(mutex_);
        Timer* timer = find(fd);
        if (timer == nullptr) {
            return set_now(fd, flags, when, old);
        }
        timer->is_absolute = (flags & TFD_TIMER_ABSTIME) != 0;
        timer->tells = timer->is_absolute && (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
        timer->when = when;
        const int result = arm(*timer, old);
        if (result == 0 && take_step(*timer)) {
            errno = ECANCELED;
            return -1;
        }
        return result;
    }

    // Whether a read of `fd` has to answer ECANCELED.
    bool take_step(int fd) {
        const std::lock_guard lock(mutex_);
        Timer* timer = find(fd);
        return timer != nullptr && take_step(*timer);
    }

    void step() {
        const std::lock_guard lock(mutex_);
        for (Timer& timer : timers_) {
            if (timer.tells) {
                timer.stepped = true;
                // Long past, so that it can be read at once.
                set_now(timer.fd, TFD_TIMER_ABSTIME, {.it_interval = {}, .it_value = to_timespec(1)},
                        nullptr);
            } else if (timer.is_absolute) {
                arm(timer, nullptr);
            }
        }
    }

  private:
    struct Timer {
        int fd;
        bool is_absolute = false;
        bool tells = false;    // of steps
        bool stepped = false;  // and has not told yet
        itimerspec when{};     // by the shifted clock
    };

    static int set_now(int fd, int flags, const itimerspec& when, itimerspec* old) {
        return static_cast<int>(::syscall(SYS_timerfd_settime, fd, flags, &when, old));
    }

    static int arm(const Timer& timer, itimerspec* old) {
        itimerspec when = timer.when;
        const bool is_armed = to_ns(when.it_value) != 0;
        if (timer.is_absolute && is_armed) {
            when.it_value = to_timespec(std::max<std::int64_t>(to_ns(when.it_value) - offset(), 1));
        }
        return set_now(timer.fd, timer.is_absolute ? TFD_TIMER_ABSTIME : 0, when, old);
    }

    static bool take_step(Timer& timer) { return std::exchange(timer.stepped, false); }

    Timer* find(int fd) {
        const auto found =
            std::find_if(timers_.begin(), timers_.end(), [fd](const Timer& timer) { return timer.fd == fd; });
        return found == timers_.end() ? nullptr : &*found;
    }

    std::mutex mutex_;
    std::vector<Timer> timers_;
};

// Never destroyed: threads of the program may outlive main.
WallTimers& timers() {
    static auto* const all = new WallTimers;
    return *all;
}

// Tells the timers of each step.
void watch(std::uint32_t seen) {
    while (true) {
        ::syscall(SYS_futex, &g_page->steps, FUTEX_WAIT, seen, nullptr, nullptr, 0);
        const std::uint32_t steps = g_page->steps.load();
        if (steps != seen) {
            seen = steps;
            timers().step();
        }
    }
}

[[gnu::constructor]] void begin() {
    const char* path = std::getenv(laterd::support::k_clock_page_variable);
    const int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    void* page =
        fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(ClockPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        std::abort();  // a test on the machine's clock would pass for the wrong reason
    }
    ::close(fd);
    g_page = static_cast<ClockPage*>(page);
    // The program's signals are not for this thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread(watch, g_page->steps.load()).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
        *time = to_timespec(shifted_now());
        return 0;
    }
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
    const timespec now = to_timespec(shifted_now());
    *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* seconds) noexcept {
    const time_t now = to_timespec(shifted_now()).tv_sec;
    if (seconds != nullptr) {
        *seconds = now;
    }
    return now;
}

int timespec_get(timespec* time, int base) noexcept {
    *time = to_timespec(shifted_now());
    return base;
}

int timerfd_create(int clock, int flags) noexcept {
    const int fd = static_cast<int>(::syscall(SYS_timerfd_create, clock, flags));
    if (fd >= 0 && clock == CLOCK_REALTIME) {
        timers().created(fd);
    }
    return fd;
}

int timerfd_settime(int fd, int flags, const itimerspec* when, itimerspec* old) noexcept {
    return timers().set(fd, flags, *when, old);
}

ssize_t read(int fd, void* bytes, size_t size) {
    const ssize_t count = ::syscall(SYS_read, fd, bytes, size);
    if (timers().take_step(fd)) {
        errno = ECANCELED;
        return -1;
    }
    return count;
}

int close(int fd) {
    timers().closed(fd);
    return static_cast<int>(::syscall(SYS_close, fd));
}

// In slices, so that a clock that is stepped meanwhile counts, forward and back.
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* end) {
    using Wait = int (*)(cnd_t*, mtx_t*, const timespec*);
    static const auto wait = reinterpret_cast<Wait>(::dlsym(RTLD_NEXT, "cnd_timedwait"));
    while (true) {
        const std::int64_t slice = to_ns(machine_time(CLOCK_REALTIME)) + k_slice;
        const std::int64_t wanted = std::max<std::int64_t>(to_ns(*end) - offset(), 0);
        const timespec until = to_timespec(std::min(slice, wanted));
        const int result = wait(condition, mutex, &until);
        if (result != thrd_timedout || wanted <= slice) {
            return result;
        }
    }
}

}  // extern "C"
