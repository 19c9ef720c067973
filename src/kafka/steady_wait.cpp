// librdkafka's timed waits, by the steady clock.
//
// librdkafka waits by C11's cnd_timedwait, which knows no clock but the wall clock (its issue 2145, open in 2.8). When that
// is set back, its main thread sleeps for as long as it was set back, sends no heartbeats meanwhile, and the group gives the
// partitions to others. So the program brings its own cnd_timedwait, which takes the place of the C library's for
// everything that is loaded into it. Only librdkafka calls it.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace {

constexpr std::int64_t k_second = 1'000'000'000;

std::int64_t to_ns(const timespec& time) noexcept {
    return time.tv_sec * k_second + time.tv_nsec;
}

std::int64_t now_ns(clockid_t clock) noexcept {
    timespec time{};
    clock_gettime(clock, &time);
    return to_ns(time);
}

// When it is `wall_end`, as far as can be told now. A wait that goes on (the same thread, the same end) keeps the answer that
// it got first: the wall clock may have been set since.
timespec steady_end(const timespec& wall_end) noexcept {
    thread_local std::int64_t last_wall = 0;
    thread_local std::int64_t last_steady = 0;
    if (const std::int64_t wall = to_ns(wall_end); wall != last_wall) {
        last_wall = wall;
        last_steady = now_ns(CLOCK_MONOTONIC) + (wall - now_ns(CLOCK_REALTIME));
    }
    const std::int64_t end = last_steady > 0 ? last_steady : 0;
    return {.tv_sec = end / k_second, .tv_nsec = end % k_second};
}

}  // namespace

// glibc's cnd_t and mtx_t are its pthread_cond_t and pthread_mutex_t under another name; its own cnd_timedwait relies on it too.
static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t) && alignof(cnd_t) == alignof(pthread_cond_t));
static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && alignof(mtx_t) == alignof(pthread_mutex_t));

extern "C" int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* end) {
    const timespec until = steady_end(*end);
    const int error =
        pthread_cond_clockwait(reinterpret_cast<pthread_cond_t*>(condition),
                               reinterpret_cast<pthread_mutex_t*>(mutex), CLOCK_MONOTONIC, &until);
    return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}
