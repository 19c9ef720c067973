// The poller, its wake-ups and the errand thread, on the real clocks of this machine (which are only read).
#include "loop/clock.h"
#include "loop/errands.h"
#include "loop/poller.h"
#include "loop/wakeup.h"
#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace laterd;
using namespace std::chrono_literals;
using loop::Poller;
using loop::read_clocks;
using loop::Wakeup;

TEST_CASE("the poller wakes at a wall time and not before", "[loop]") {
    Poller poller;
    for (int i = 0; i < 5; ++i) {
        const core::WallTime at = read_clocks().wall + 20ms;
        while (read_clocks().wall < at) {
            poller.wait(at, std::nullopt);
        }
        // A wait that ended for the timer ended at the time, not a millisecond early: the clock is rounded
        // down.
        CHECK(read_clocks().wall >= at);
        CHECK(read_clocks().wall - at < 2s);
    }
}

TEST_CASE("one wait is enough to reach a time", "[loop]") {
    Poller poller;
    SECTION("on the wall clock") {
        const core::WallTime at = read_clocks().wall + 30ms;
        poller.wait(at, std::nullopt);
        CHECK(read_clocks().wall >= at);
    }
    SECTION("on the steady clock") {
        const core::SteadyTime at = read_clocks().steady + 30ms;
        poller.wait(std::nullopt, at);
        CHECK(read_clocks().steady >= at);
    }
}

TEST_CASE("the poller wakes at the earlier of the two times", "[loop]") {
    Poller poller;
    const core::Now before = read_clocks();
    SECTION("the wall time") {
        poller.wait(before.wall + 20ms, before.steady + 1h);
    }
    SECTION("the steady time") {
        poller.wait(before.wall + 1h, before.steady + 20ms);
    }
    const auto waited = read_clocks().steady - before.steady;
    CHECK(waited >= 19ms);
    CHECK(waited < 10s);
}

TEST_CASE("a time that has passed returns at once", "[loop]") {
    Poller poller;
    const core::Now now = read_clocks();
    SECTION("a little ago") {
        poller.wait(now.wall, std::nullopt);
    }
    SECTION("the epoch") {
        poller.wait(core::WallTime{}, std::nullopt);
    }
    SECTION("before the epoch") {
        poller.wait(core::WallTime::min(), std::nullopt);
    }
    SECTION("on the steady clock") {
        poller.wait(std::nullopt, core::SteadyTime{});
    }
    SECTION("with the other one far away") {
        poller.wait(core::WallTime::max(), now.steady);
    }
    CHECK(read_clocks().steady - now.steady < 5s);
}

TEST_CASE("a time can be brought forward and put off", "[loop]") {
    Poller poller;
    Wakeup wakeup;
    poller.add(wakeup.fd(), [&] { wakeup.clear(); });
    const core::Now before = read_clocks();
    wakeup.signal();
    poller.wait(before.wall + 10ms, before.steady + 10ms);  // armed, and left for the wake-up
    const core::WallTime later = before.wall + 60ms;
    while (read_clocks().wall < later) {
        poller.wait(later, std::nullopt);
    }
    wakeup.signal();
    poller.wait(read_clocks().wall + 1h, std::nullopt);
    const core::WallTime sooner = read_clocks().wall + 20ms;
    poller.wait(sooner, std::nullopt);
    CHECK(read_clocks().wall >= sooner);
    CHECK(read_clocks().steady - before.steady < 10s);
}

TEST_CASE("nothing wanted is not a stepped clock", "[loop]") {
    Poller poller;
    Wakeup wakeup;
    poller.add(wakeup.fd(), [&] { wakeup.clear(); });
    for (int i = 0; i < 3; ++i) {
        wakeup.signal();
        CHECK_FALSE(poller.wait(std::nullopt, std::nullopt).clock_stepped);
    }
    CHECK_FALSE(poller.wait(core::WallTime::max(), read_clocks().steady + 5ms).clock_stepped);
}

TEST_CASE("a wake-up from another thread ends a wait", "[loop]") {
    Poller poller;
    Wakeup wakeup;
    int calls = 0;
    poller.add(wakeup.fd(), [&] {
        wakeup.clear();
        ++calls;
    });
    std::thread other([&] {
        wakeup.signal();
        wakeup.signal();
        wakeup.signal();
    });
    poller.wait(std::nullopt, read_clocks().steady + 1min);
    other.join();
    CHECK(calls == 1);
    // What was signalled after the clear above is seen once more at most, then it is quiet.
    poller.wait(std::nullopt, read_clocks().steady);
    const int quiet = calls;
    poller.wait(std::nullopt, read_clocks().steady);
    CHECK(calls == quiet);
}

TEST_CASE("a descriptor is called while it can be read, until it is removed", "[loop]") {
    Poller poller;
    Wakeup wakeup;
    int calls = 0;
    poller.add(wakeup.fd(), [&] { ++calls; });
    wakeup.signal();
    poller.wait(std::nullopt, std::nullopt);
    poller.wait(std::nullopt, std::nullopt);
    CHECK(calls == 2);
    poller.remove(wakeup.fd());
    poller.wait(std::nullopt, read_clocks().steady);
    CHECK(calls == 2);
}

TEST_CASE("a descriptor may be removed by its own call and by another's", "[loop]") {
    Poller poller;
    std::vector<Wakeup> wakeups(3);
    int calls = 0;
    for (Wakeup& wakeup : wakeups) {
        wakeup.signal();
        poller.add(wakeup.fd(), [&] {
            ++calls;
            for (const Wakeup& any : wakeups) {
                poller.remove(any.fd());
            }
        });
    }
    poller.wait(std::nullopt, std::nullopt);
    poller.wait(std::nullopt, read_clocks().steady);
    CHECK(calls == 1);
}

TEST_CASE("a descriptor is watched for what was asked", "[loop]") {
    Poller poller;
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const loop::Fd mine(ends[0]);
    loop::Fd other(ends[1]);
    std::vector<Poller::Ready> calls;
    const auto keep = [&](Poller::Ready ready) { calls.push_back(ready); };
    const auto look = [&] {
        calls.clear();
        poller.wait(std::nullopt, read_clocks().steady);
        return calls.size();
    };

    poller.watch(mine.get(), {.read = true}, keep);
    CHECK(look() == 0);  // it could be written, but nobody asked
    poller.watch(mine.get(), {.write = true}, keep);
    REQUIRE(look() == 1);
    CHECK((calls[0].write && !calls[0].read && !calls[0].failed));

    REQUIRE(write(other.get(), "x", 1) == 1);
    REQUIRE(look() == 1);
    CHECK_FALSE(calls[0].read);
    poller.watch(mine.get(), {.read = true, .write = true}, keep);
    REQUIRE(look() == 1);
    CHECK((calls[0].read && calls[0].write));

    other.close();
    poller.watch(mine.get(), {}, keep);
    REQUIRE(look() == 1);
    CHECK(calls[0].failed);
    poller.remove(mine.get());
    CHECK(look() == 0);
    poller.remove(mine.get());  // once more is no error
}

TEST_CASE("a new descriptor with an old number does not get the old one's readiness", "[loop]") {
    Poller poller;
    std::vector<Wakeup> wakeups(2);
    int late_calls = 0;
    for (Wakeup& wakeup : wakeups) {
        wakeup.signal();
        poller.add(wakeup.fd(), [&] {
            // Whichever comes first watches both anew.
            for (const Wakeup& any : wakeups) {
                poller.remove(any.fd());
                poller.add(any.fd(), [&] { ++late_calls; });
            }
        });
    }
    poller.wait(std::nullopt, std::nullopt);
    CHECK(late_calls == 0);
    poller.wait(std::nullopt, std::nullopt);
    CHECK(late_calls == 2);
}

TEST_CASE("errands run in order on another thread, their results on the loop's", "[loop]") {
    loop::Errands errands;
    Poller poller;
    poller.add(errands.fd(), [&] { errands.collect(); });
    CHECK(errands.is_idle());
    std::vector<int> ran;  // by the errand thread only, and read when it is idle
    std::vector<int> collected;
    const auto loop_thread = std::this_thread::get_id();
    std::atomic<bool> on_loop_thread{false};
    for (int i = 0; i < 100; ++i) {
        errands.run([&, i]() -> loop::Errands::Then {
            on_loop_thread = on_loop_thread || std::this_thread::get_id() == loop_thread;
            ran.push_back(i);
            if (i % 10 == 9) {
                return {};  // nothing to be done with the result
            }
            return [&, i] {
                CHECK(std::this_thread::get_id() == loop_thread);
                collected.push_back(i);
            };
        });
    }
    const core::SteadyTime patience = read_clocks().steady + 30s;
    while (!errands.is_idle() && read_clocks().steady < patience) {
        poller.wait(std::nullopt, patience);
    }
    REQUIRE(errands.is_idle());
    CHECK_FALSE(on_loop_thread);
    CHECK(ran.size() == 100);
    CHECK(std::is_sorted(ran.begin(), ran.end()));
    CHECK(collected.size() == 90);
    CHECK(std::is_sorted(collected.begin(), collected.end()));
}

TEST_CASE("an errand thread ends after the running errand and lets go of the others", "[loop]") {
    std::promise<void> started;
    std::promise<void> go_on;
    std::atomic<bool> first_ran{false};
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = held;
    std::thread helper;
    {
        loop::Errands errands;
        errands.run([&]() -> loop::Errands::Then {
            started.set_value();
            go_on.get_future().wait();
            first_ran = true;
            return {};
        });
        started.get_future().wait();
        errands.run([kept = std::move(held)]() -> loop::Errands::Then { return {}; });
        CHECK_FALSE(errands.is_idle());
        CHECK_FALSE(watched.expired());
        helper = std::thread([&] { go_on.set_value(); });
    }
    helper.join();
    CHECK(first_ran);
    CHECK(watched.expired());
}

TEST_CASE("a descriptor is closed once, by its last owner", "[loop]") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const int raw = ends[0];
    const loop::Fd write_end(ends[1]);
    loop::Fd first(raw);
    loop::Fd second(std::move(first));
    CHECK_FALSE(first.is_open());
    CHECK(second.get() == raw);
    first = std::move(second);
    CHECK(first.get() == raw);
    CHECK(fcntl(raw, F_GETFD) != -1);
    first.close();
    CHECK(fcntl(raw, F_GETFD) == -1);
    CHECK_FALSE(first.is_open());
}
