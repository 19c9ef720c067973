// Clusters that are away at the start or later, and routes from one cluster to another.
#include <signal.h>

#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

KafkaBroker& near() {
    return KafkaBroker::shared();
}

KafkaBroker& far() {
    static KafkaBroker other;
    return other;
}

std::string two_clusters(const std::string& routes) {
    return "clusters:\n  near: {brokers: [\"" + near().bootstrap() + "\"]}\n  far: {brokers: [\"" +
           far().bootstrap() + "\"]}\ncommit_interval: 200ms\nroutes:\n" + routes;
}

}  // namespace

TEST_CASE("a route reads one cluster and writes another, and waits while that one is away") {
    Scene scene(near(), "across", 2);
    KafkaAdmin far_admin(far().bootstrap());
    far_admin.create_topic("across.there", 2);
    Daemon daemon(two_clusters(R"(
  r:
    from: {cluster: near, topics: [across.in], group: across, properties: {session.timeout.ms: "2000", heartbeat.interval.ms: "400"}}
    delay: 500ms
    to: {cluster: far, topic: across.there, partition: same}
    dead_letter: {cluster: near, topic: across.dead}
)"));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 100; ++i) {
        scene.produce("r" + std::to_string(i), 500ms, i % 2);
    }
    scene.producer.flush();
    {
        Observer observer(far().bootstrap(), {"across.there"});
        CHECK(observer.await_distinct(100, 15s));
    }
    REQUIRE(scene.await_committed(0, 50, 5s));

    far().kill();
    for (int i = 100; i < 200; ++i) {
        scene.produce("r" + std::to_string(i), 500ms, i % 2);
    }
    scene.producer.flush();
    // Spends nothing, commits nothing, and stays a member of its group.
    CHECK(always(3s, [&] { return scene.admin.committed(scene.group(), scene.in(), 0) == 50; }));
    CHECK(daemon.is_running());
    CHECK(scene.admin.members(scene.group()) == 1);
    far().restart();
    Observer observer(far().bootstrap(), {"across.there"});
    CHECK(observer.await_distinct(200, 15s));
    CHECK(scene.await_committed(0, 100, 10s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "a cluster that is away at the start is waited for, without a flood of lines, and a stop is still "
    "orderly") {
    Scene scene(near(), "away");
    scene.produce("r0", 100ms);
    scene.producer.flush();
    near().kill();
    const std::string table = scene.usual("100ms");
    Daemon stopped(table);
    Daemon daemon(table);
    CHECK(daemon.await_line(near().bootstrap(), 15s));
    CHECK(always(4s, [&] { return daemon.is_running() && stopped.is_running(); }));
    // Once, and then rarely.
    CHECK(daemon.lines().size() < 15);
    CHECK(stopped.terminate(10s) == 0);
    near().restart();
    Observer observer(near().bootstrap(), {scene.out()});
    CHECK(observer.await_distinct(1, 20s));
    CHECK(scene.await_committed(0, 1, 10s));
    CHECK(scene.account.judge(observer.records()).duplicates == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a SIGTERM while the cluster is away ends within the drain timeout") {
    Scene scene(near(), "awayterm");
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 5m
    to: {topic: $name.out}
)",
                              "drain_timeout: 2s\n"));
    REQUIRE(scene.await_positions());
    scene.produce("r0", 5min);
    scene.producer.flush();
    near().kill();
    CHECK(daemon.terminate(6s) == 0);
    near().restart();
}

}  // namespace laterd::kafka_test
