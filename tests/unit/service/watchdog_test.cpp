// When the watchdog is fed: while every worker's loop turns, and not a turn longer.
#include "service/watchdog.h"

#include <chrono>
#include <vector>

#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using service::Pulse;
using service::Watchdog;

namespace {

// Two workers and a clock. With a timeout of 20 s the watchdog looks every 5 s, and 10 s without a turn are too long.
class Process {
  public:
    Pulse& first() { return pulses_[0]; }
    Pulse& second() { return pulses_[1]; }

    // Time passes; those that live turn every second.
    void pass(std::chrono::milliseconds time) {
        for (const auto end = boot_ + time; boot_ < end;) {
            boot_ += 1s;
            for (Pulse& pulse : pulses_) {
                if (&pulse != frozen_) {
                    pulse.last_turn = boot_;
                }
            }
            look();
        }
    }
    // Nothing of the process runs.
    void stand_still(std::chrono::milliseconds time) { boot_ += time; }
    void look() { next_ = watchdog_.attend(pulses_, boot_, core::SteadyTime(boot_)); }

    void freeze(Pulse& pulse) { frozen_ = &pulse; }
    void thaw() { frozen_ = nullptr; }
    int take_fed() { return std::exchange(fed_, 0); }
    core::SteadyTime next() const { return next_; }
    core::SteadyTime now() const { return core::SteadyTime(boot_); }

  private:
    int fed_ = 0;
    Watchdog watchdog_{20s, [this] { ++fed_; }};
    std::chrono::milliseconds boot_{1'000'000};
    core::SteadyTime next_{};
    std::vector<Pulse> pulses_{{.route = "orders", .worker = 1, .last_turn = boot_, .is_closing = false},
                               {.route = "orders", .worker = 2, .last_turn = boot_, .is_closing = false}};
    Pulse* frozen_ = nullptr;
};

}  // namespace

TEST_CASE("while every worker turns the watchdog is fed four times in its timeout", "[service]") {
    Process process;
    process.look();
    CHECK(process.take_fed() == 1);
    process.pass(20s);
    CHECK(process.take_fed() == 4);
    CHECK(process.next() - process.now() == 5s);
}

TEST_CASE("one worker that has not turned for half the timeout ends the feeding", "[service]") {
    Process process;
    process.pass(1s);
    process.freeze(process.second());
    process.pass(10s);
    process.take_fed();
    process.pass(60s);
    CHECK(process.take_fed() == 0);
    CHECK(process.next() - process.now() == 1s);

    process.thaw();
    process.pass(2s);
    CHECK(process.take_fed() == 1);
    process.pass(20s);
    CHECK(process.take_fed() == 4);
}

TEST_CASE("a worker that ends its clients gets a minute for it", "[service]") {
    Process process;
    process.pass(1s);
    process.first().is_closing = true;
    process.freeze(process.first());
    process.pass(55s);
    CHECK(process.take_fed() >= 11);
    process.pass(10s);
    process.take_fed();
    process.pass(30s);
    CHECK(process.take_fed() == 0);
}

TEST_CASE("after a standstill of the whole process the workers get their turn first", "[service]") {
    Process process;
    process.pass(5s);
    process.take_fed();
    process.stand_still(1h);
    process.look();
    CHECK(process.take_fed() == 1);
    // Who does not come back from it is stuck all the same.
    process.freeze(process.first());
    process.pass(12s);
    process.take_fed();
    process.pass(30s);
    CHECK(process.take_fed() == 0);
}

TEST_CASE("a short timeout leaves a worker three seconds: it may wait for one", "[service]") {
    CHECK(Watchdog(2s, [] {}).limit() == 3s);
    CHECK(Watchdog(30s, [] {}).limit() == 15s);
    CHECK(Watchdog(std::nullopt, [] {}).limit() == 15s);
}
