// A wall clock that is set while records wait, and time zones that change: whatever it shows, nothing is released before
// it shows the due time, and what is due then goes out soon. The machine's own clock is never touched.
#include <random>

#include "kafka/handler_scene.h"
#include "support/catch.hpp"
#include "support/stepped_clock.h"

namespace laterd::kafka_test {

using support::SteppedClock;

namespace {

// Wide enough for a busy machine.
constexpr auto k_soon = 5s;

// The verdict by the daemon's clock: of each record, whether it arrived before that clock could have shown its due time.
Account::Verdict judge(const Scene& scene, const Observer& observer, const SteppedClock& clock,
                       bool has_release_time) {
    std::vector<TestRecord> records = observer.records();
    for (TestRecord& record : records) {
        record.arrived_ms = clock.latest_until(record.arrived_ms);
    }
    return scene.account.judge(records, {}, has_release_time);
}

void check_sound(const Account::Verdict& verdict) {
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
}

}  // namespace

TEST_CASE("a clock that is set back and forward releases nothing early, and at once what it makes due") {
    Scene scene(KafkaBroker::shared(), "stepped", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    SteppedClock clock;
    Daemon daemon({.table = scene.usual("8s"), .environment = clock.environment()});
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 20; ++i) {
        scene.produce("near" + std::to_string(i), 8s, 0, now + i * 50);
        scene.produce("far" + std::to_string(i), 8s, 1, now + 600'000 + i);
    }
    scene.producer.flush();

    clock.set_offset(-30min);
    CHECK(daemon.await_line("wall clock stepped", k_soon));
    // By the machine's clock the near ones fall due.
    CHECK(always(10s, [&] { return observer.count() == 0; }));
    clock.set_offset(0min);
    CHECK(observer.await_distinct(20, k_soon));
    CHECK(always(1s, [&] { return observer.count() == 20; }));
    clock.set_offset(11min);
    CHECK(observer.await_distinct(40, k_soon));
    check_sound(judge(scene, observer, clock, true));

    CHECK(scene.await_committed(0, 20, 5s));
    CHECK(scene.await_committed(1, 20, 5s));
    const auto counters = daemon.counters();
    REQUIRE(counters.is_object());
    CHECK(counters.at("laterd_clock_step_seconds_total").get<double>() > (30 + 30 + 11) * 60 - 1);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a clock that is set back while everything waits costs no partition") {
    Scene scene(KafkaBroker::shared(), "idle", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    SteppedClock clock;
    Daemon daemon({.table = scene.usual("10m"), .environment = clock.environment()});
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 20; ++i) {
        scene.produce("r" + std::to_string(i), 10min, i % 2);
    }
    scene.producer.flush();
    // Cold partitions give the client nothing to do but to send heartbeats.
    REQUIRE(eventually(10s, [&] {
        const auto counters = daemon.counters("usual");
        return counters.is_object() && counters.at("laterd_partitions").at("cold") == 2;
    }));
    clock.set_offset(-30min);
    // Three sessions long.
    CHECK(always(6s, [&] { return scene.admin.members(scene.group()) == 1; }));
    clock.set_offset(11min);
    CHECK(observer.await_distinct(20, k_soon));
    check_sound(judge(scene, observer, clock, true));
    CHECK(daemon.count_lines("partitions lost") == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a clock that is set to and fro all the time releases nothing early and loses nothing") {
    Scene scene(KafkaBroker::shared(), "restless", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    SteppedClock clock;
    Daemon daemon({.table = scene.usual("2s"), .environment = clock.environment()});
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 400; ++i) {
        scene.produce("r" + std::to_string(i), 2s, i % 2, now + i * 10);
    }
    scene.producer.flush();

    std::mt19937 random(20261125);
    std::uniform_int_distribution<int> offset_ms(-900, 900);
    constexpr int k_steps = 400;
    int steps = 0;
    while (!observer.await_distinct(400, 50ms) && steps < k_steps) {
        clock.set_offset(std::chrono::milliseconds(offset_ms(random)));
        ++steps;
    }
    CHECK(steps > 20);
    CHECK(steps < k_steps);
    // A record's own timestamp may have been taken after another step, so it says nothing here.
    check_sound(judge(scene, observer, clock, false));
    CHECK(daemon.terminate() == 0);
}

// Kafka takes no record from more than an hour ahead of its own clock.
TEST_CASE("a clock hours ahead of the brokers' holds the route, and costs no record its delivery") {
    Scene scene(KafkaBroker::shared(), "ahead");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    SteppedClock clock(2h);
    Daemon daemon({.table = scene.usual("1s"), .environment = clock.environment()});
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 50; ++i) {
        scene.produce("r" + std::to_string(i), 1s);
    }
    scene.producer.flush();
    CHECK(daemon.await_line("reason=clock-differs", 15s));
    CHECK(always(2s, [&] { return observer.count() == 0 && scene.admin.log_end(scene.dead(), 0) == 0; }));
    CHECK(counter(daemon, "laterd_route_state", "holding") == 1);
    CHECK(counter(daemon, "laterd_deliveries_total", "rejected") == 0);

    clock.set_offset(0h);
    CHECK(observer.await_distinct(50, 15s));
    check_sound(judge(scene, observer, clock, false));
    CHECK(scene.await_committed(0, 50, 10s));
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("copies that the brokers refuse for the host's clock are written when it is right again") {
    HandlerScene scene(KafkaBroker::shared(), "aheadcopies");
    scene.serve([](const Call& call) { return answer(call.attempt == 1 ? 503 : 204); });
    SteppedClock clock(2h);
    const std::string backoff = "{initial: 500ms, max: 500ms, jitter: 0}";
    Daemon daemon(
        {.table = scene.calling("", scene.retrying(3, backoff)), .environment = clock.environment()});
    scene.put("r0");
    CHECK(daemon.await_line("reason=clock-differs", 20s));
    CHECK(always(1s, [&] { return scene.retry_copies() == 0 && scene.dead_letters() == 0; }));
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0).value_or(0) == 0);

    clock.set_offset(0h);
    // The copy's due time is of the time when the clock was ahead: cut to the longest backoff.
    CHECK(eventually(15s, [&] { return scene.calls("r0").size() == 2; }));
    CHECK(scene.await_committed(0, 1, 10s));
    CHECK(scene.retry_copies() == 1);
    CHECK(scene.dead_letters() == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("when daylight saving begins or ends, a day's delay is 24 hours") {
    using namespace std::chrono;
    struct Change {
        const char* name;
        sys_time<milliseconds> at;
    };
    // In Berlin, the hour from 2 to 3 is left out, or comes twice.
    const Change change = GENERATE(Change{"spring", sys_days{year{2025} / March / 30} + 1h},
                                   Change{"autumn", sys_days{year{2025} / October / 26} + 1h});
    const std::int64_t change_ms = change.at.time_since_epoch().count();
    Scene scene(KafkaBroker::shared(), change.name, 2);
    // Or the broker would delete what is so old.
    scene.admin.set_topic(scene.in(), {{"retention.ms", "-1"}});
    scene.admin.set_topic(scene.out(), {{"retention.ms", "-1"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    constexpr std::int64_t day_ms = 86'400'000;
    for (int i = 0; i < 100; ++i) {
        scene.produce("r" + std::to_string(i), 24h, i % 2, change_ms - day_ms + (i - 50) * 40);
    }
    scene.producer.flush();

    // So the change comes while the records fall due, two seconds to either side of it.
    SteppedClock clock(std::chrono::milliseconds(change_ms - 4000 - wall_ms()));
    auto environment = clock.environment();
    environment.emplace_back("TZ", "Europe/Berlin");
    Daemon daemon({.table = scene.usual("24h"), .environment = environment});
    CHECK(observer.await_distinct(100, 15s));
    const Account::Verdict verdict = judge(scene, observer, clock, true);
    check_sound(verdict);
    // An hour, if the zone counted.
    CHECK(verdict.latest_ms < 15'000);
    CHECK(clock.now_ms() > change_ms);
    CHECK(daemon.terminate() == 0);
}

}  // namespace laterd::kafka_test
