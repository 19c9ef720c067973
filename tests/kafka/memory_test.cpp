// Memory stays under the limit plus a constant, whatever waits and however slow the target is.
#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

constexpr std::int64_t k_mib = 1024;  // in KiB, as /proc counts
// What the allocator and the clients may keep above the limit.
constexpr std::int64_t k_slack_kib = 48 * k_mib;

void fill(Scene& scene, int records, std::size_t size, std::chrono::milliseconds delay, int partitions) {
    const std::int64_t now = wall_ms();
    for (int i = 0; i < records; ++i) {
        scene.produce("r" + std::to_string(i), delay, i % partitions, now, size);
    }
    scene.producer.flush();
}

}  // namespace

TEST_CASE("two hundred megabytes that wait cost no more than the limit") {
    Scene scene(KafkaBroker::shared(), "waiting", 2);
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 10m
    to: {topic: $name.out, partition: same}
)",
                              "limits: {memory: 64MiB}\n"));
    REQUIRE(scene.await_positions());
    const std::int64_t floor = daemon.rss_kib();
    fill(scene, 200'000, 1000, 10min, 2);
    // Everything is known of that has to be: both partitions are cold, their heads held.
    REQUIRE(eventually(20s, [&] {
        const auto counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_partitions").at("cold") == 2;
    }));
    CHECK(daemon.peak_rss_kib() < floor + 64 * k_mib + k_slack_kib);
    // Cold partitions cost next to nothing.
    CHECK(eventually(10s, [&] { return daemon.rss_kib() < floor + k_slack_kib; }));
    const auto before = daemon.cpu();
    CHECK(always(2s, [&] { return daemon.is_running(); }));
    CHECK(daemon.cpu() - before < 200ms);
    CHECK(daemon.terminate(5s) == 0);
}

TEST_CASE("a due backlog whose target is not ready stays in the broker, and all of it comes out afterwards") {
    Scene scene(KafkaBroker::shared(), "slow", 2);
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 100ms
    to: {topic: $name.later, partition: same}
)",
                              "limits: {memory: 64MiB}\n"));
    REQUIRE(scene.await_positions());
    const std::int64_t floor = daemon.rss_kib();
    constexpr int k_records = 100'000;
    fill(scene, k_records, 2000, 100ms, 2);
    // It holds; nothing grows while it does.
    CHECK(always(4s, [&] { return daemon.rss_kib() < floor + 64 * k_mib + k_slack_kib; }));
    const auto counters = daemon.counters("r");
    REQUIRE(counters.is_object());
    CHECK(counters.at("laterd_held_records") < k_records);

    scene.admin.create_topic("slow.later", 2);
    Observer observer(scene.broker.bootstrap(), {"slow.later"}, {{"queued.min.messages", "1000"}});
    CHECK(observer.await_distinct(k_records, 60s));
    CHECK(daemon.peak_rss_kib() < floor + 64 * k_mib + k_slack_kib);
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.await_committed(0, k_records / 2, 10s));
    CHECK(eventually(10s, [&] {
        const auto now = daemon.counters("r");
        return now.is_object() && now.at("laterd_held_bytes") == 0;
    }));
    CHECK(eventually(10s, [&] { return daemon.rss_kib() < floor + k_slack_kib; }));
}

TEST_CASE("a thousand partitions that fall due in one second come out, on budget") {
    Scene scene(KafkaBroker::shared(), "thousand");
    scene.admin.create_topic("thousand.wide", 1000);
    TestProducer producer(scene.broker.bootstrap());
    const std::int64_t due = wall_ms() + 25'000;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = "r" + std::to_string(i);
        scene.account.expect(id, due, i);
        producer.send({.topic = "thousand.wide",
                       .partition = i,
                       .value = id + "|" + std::string(2000, 'x'),
                       .headers = {{"at", std::to_string(due)}}});
    }
    producer.flush();
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [thousand.wide], group: $name}
    due: {header: at, format: unix_ms}
    order: partition
    to: {topic: $name.out}
    dead_letter: {topic: $name.dead}
)",
                              "limits: {memory: 64MiB}\n"));
    CHECK(observer.await_distinct(1000, 60s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
    WARN("latest of a thousand: " << verdict.latest_ms << " ms, peak " << daemon.peak_rss_kib() / k_mib
                                  << " MiB");
    CHECK(verdict.latest_ms < 10'000);
    CHECK(daemon.peak_rss_kib() < 150 * k_mib);
    CHECK(daemon.terminate(10s) == 0);
}

TEST_CASE("a record larger than a share of the limit passes alone") {
    Scene scene(KafkaBroker::shared(), "bigone", 2);
    scene.admin.set_topic(scene.in(), {{"max.message.bytes", "9000000"}});
    scene.admin.set_topic(scene.out(), {{"max.message.bytes", "9000000"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()}, {{"fetch.message.max.bytes", "10000000"}});
    for (int i = 0; i < 12; ++i) {
        scene.produce("r" + std::to_string(i), 200ms, i % 2, 0, i % 3 == 0 ? 8'000'000 : 100);
    }
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 200ms
    to: {topic: $name.out, partition: same}
    dead_letter: {topic: $name.dead}
)",
                              "limits: {memory: 32MiB}\n"));
    CHECK(observer.await_distinct(12, 30s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(daemon.peak_rss_kib() < 150 * k_mib);
}

}  // namespace laterd::kafka_test
