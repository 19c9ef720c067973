// Nothing is lost, and only what was in flight comes twice: killed, frozen and stopped daemons, a broker that goes away.
#include <signal.h>

#include <random>
#include <utility>

#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

// What a daemon that was killed may deliver again: what it had delivered, less what it had committed.
std::size_t uncommitted(Scene& scene, const Observer& observer, int partitions) {
    const auto sum = [&](auto of_partition) {
        std::int64_t total = 0;
        for (std::int32_t partition = 0; partition < partitions; ++partition) {
            total += of_partition(partition);
        }
        return total;
    };
    // The broker may still take what was on its way.
    std::int64_t delivered = -1;
    eventually(10s, [&] {
        const std::int64_t before = std::exchange(
            delivered, sum([&](std::int32_t each) { return scene.admin.log_end(scene.out(), each); }));
        return before == delivered && static_cast<std::int64_t>(observer.count()) >= delivered;
    });
    const std::int64_t committed = sum([&](std::int32_t each) {
        return scene.admin.committed(scene.group(), scene.in(), each).value_or(0);
    });
    return observer.distinct() - static_cast<std::size_t>(committed);
}

}  // namespace

TEST_CASE("kill -9 at random points, over and over, loses nothing") {
    Scene scene(KafkaBroker::shared(), "killed", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    INFO("seed " << seed);
    constexpr int k_kills = 6;
    constexpr int k_records = 3000;
    // Spread over about eight seconds of due times, so that every kill meets held, due and unsettled records.
    const std::int64_t now = wall_ms();
    for (int i = 0; i < k_records; ++i) {
        scene.produce("r" + std::to_string(i), 1s, i % 2, now + i * 8 / 3);
    }
    scene.producer.flush();

    // A static member is back at once after its death; a dynamic one would wait for its session each time.
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    delay: 1s
    to: {topic: $name.out, partition: same}
)",
                              "instance: one\n"));
    std::size_t repeatable = 0;
    for (int kill = 0; kill < k_kills; ++kill) {
        const std::size_t before = observer.distinct();
        const std::size_t more = std::uniform_int_distribution<std::size_t>(0, 300)(random);
        observer.await_distinct(std::min<std::size_t>(before + more, k_records), 10s);
        daemon.kill();
        repeatable += uncommitted(scene, observer, 2);
        daemon.start();
    }
    CHECK(observer.await_distinct(k_records, 30s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.foreign == 0);
    CHECK(verdict.out_of_order == 0);
    // And, per kill, one request that the broker took later than this looked.
    CHECK(verdict.duplicates <= repeatable + k_kills * 50);
}

TEST_CASE("kill -9 before the first record is settled loses nothing, even when starting at the latest") {
    Scene scene(KafkaBroker::shared(), "latest", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    scene.producer.deliver({.topic = scene.in(), .partition = 0, .value = "old"});
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, start: latest, properties: {$short}}
    delay: 1500ms
    to: {topic: $name.out, partition: same}
)"));
    // The start positions are committed before anything is held; from then on nothing may be missed.
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 20; ++i) {
        scene.produce("r" + std::to_string(i), 1500ms, i % 2);
    }
    scene.producer.flush();
    daemon.kill();
    daemon.start();
    CHECK(observer.await_distinct(20, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.foreign == 0);  // "old" was there before the group began
}

TEST_CASE("SIGTERM while everything waits ends within two seconds, and a restart repeats nothing") {
    Scene scene(KafkaBroker::shared(), "term", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("8s"));
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 20; ++i) {
        // The first ten are due at once, the others in some seconds.
        scene.produce("r" + std::to_string(i), 8s, 0, i < 10 ? now - 10'000 : now);
    }
    scene.producer.flush();
    REQUIRE(observer.await_distinct(10, 15s));

    const std::int64_t asked = wall_ms();
    CHECK(daemon.terminate(10s) == 0);
    CHECK(wall_ms() - asked < 2000);
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 10);
    CHECK(daemon.last_counters().is_object());

    daemon.start();
    CHECK(observer.await_distinct(20, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
}

TEST_CASE("the committed offset reaches the last settled record while the next one waits") {
    Scene scene(KafkaBroker::shared(), "commits");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("1m"));
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 5; ++i) {
        scene.produce("r" + std::to_string(i), 1min, 0, i < 3 ? now - 61'000 : now);
    }
    scene.producer.flush();
    REQUIRE(observer.await_distinct(3, 15s));
    // The interval of this table is 200 ms.
    CHECK(scene.await_committed(0, 3, 2s));
    CHECK(always(500ms, [&] { return scene.admin.committed(scene.group(), scene.in(), 0) == 3; }));
}

TEST_CASE("a broker that is killed in the middle of a hold and comes back costs nothing") {
    Scene scene(KafkaBroker::shared(), "brokerkill", 2);
    Daemon daemon(scene.usual("2s"));
    REQUIRE(scene.await_positions());
    std::int64_t now = wall_ms();
    for (int i = 0; i < 400; ++i) {
        scene.produce("r" + std::to_string(i), 2s, i % 2, now + i * 10);
    }
    scene.producer.flush();
    scene.broker.kill();
    scene.broker.restart();
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    CHECK(observer.await_distinct(400, 30s));
    // It still works, and its commits arrive.
    now = wall_ms();
    scene.produce("after", 2s, 0, now - 3000);
    scene.producer.flush();
    CHECK(observer.await_distinct(401, 10s));
    CHECK(scene.await_committed(0, 201, 10s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(daemon.is_running());
}

TEST_CASE("a broker that freezes for longer than the session and thaws costs nothing") {
    Scene scene(KafkaBroker::shared(), "brokerfreeze", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("1s"));
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 200; ++i) {
        scene.produce("r" + std::to_string(i), 1s, i % 2, now + i * 20);
    }
    scene.producer.flush();
    scene.broker.freeze();
    // Frozen long enough that every record falls due meanwhile.
    CHECK(eventually(6s, [&] { return wall_ms() > now + 5000; }));
    scene.broker.thaw();
    CHECK(observer.await_distinct(200, 30s));
    CHECK(scene.await_committed(0, 100, 10s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
}

TEST_CASE("a daemon frozen beyond its session does not release what another one has meanwhile") {
    Scene scene(KafkaBroker::shared(), "frozen", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon sleeper(scene.usual("12s"));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 200; ++i) {
        scene.produce("r" + std::to_string(i), 12s, i % 2);
    }
    scene.producer.flush();
    // It holds them all, then sleeps; another one takes over when the session ends.
    REQUIRE(eventually(10s, [&] {
        const auto counters = sleeper.counters("usual");
        return counters.is_object() && counters.value("laterd_held_records", 0) == 200;
    }));
    sleeper.freeze();
    Daemon other(scene.usual("12s"));
    CHECK(observer.await_distinct(200, 30s));
    sleeper.thaw();
    // Both go on in peace: what comes now arrives once, and the sleeper is a member again.
    CHECK(scene.await_members(2, 20s));
    for (int i = 200; i < 240; ++i) {
        scene.produce("r" + std::to_string(i), 12s, i % 2, wall_ms() - 12'000);
    }
    scene.producer.flush();
    CHECK(observer.await_distinct(240, 20s));
    CHECK(scene.await_committed(0, 120, 10s));
    CHECK(scene.await_committed(1, 120, 10s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
    // Nothing was in flight when it fell asleep, so nothing may come twice.
    CHECK(verdict.duplicates == 0);
    CHECK(sleeper.is_running());
}

}  // namespace laterd::kafka_test
