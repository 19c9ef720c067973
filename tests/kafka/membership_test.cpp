// Daemons that come, go, die and are fenced in the middle of holds; a coordinator that moves; delays far above the poll
// interval. Whatever happens, no partition is wedged and nothing is lost.
#include <signal.h>

#include <memory>

#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

// Two nodes: what node 2 leads or coordinates moves to node 1 when it dies.
KafkaBroker& broker() {
    static KafkaBroker pair({.nodes = 2});
    return pair;
}

std::uint64_t rebalances(Daemon& daemon, const std::string& route) {
    const auto counters = daemon.counters(route);
    return counters.is_object() ? counters.at("laterd_rebalances_total").get<std::uint64_t>() : 0;
}

// What the daemon itself says may come twice: it had handed it over and never heard of it.
std::uint64_t given_up(const nlohmann::json& counters) {
    std::uint64_t all = 0;
    for (const auto& [cause, count] : counters.at("laterd_duplicates_total").items()) {
        all += count.get<std::uint64_t>();
    }
    return all;
}

}  // namespace

TEST_CASE("daemons that join, leave and die in the middle of holds lose nothing and wedge nothing") {
    Scene scene(broker(), "joining", 6);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::string table = scene.usual("3s");
    Daemon first(table);
    REQUIRE(scene.await_positions());
    constexpr int k_records = 1800;
    const std::int64_t now = wall_ms();
    for (int i = 0; i < k_records; ++i) {
        scene.produce("r" + std::to_string(i), 3s, i % 6, now + i * 10);
    }
    scene.producer.flush();
    Daemon second(table);
    CHECK(scene.await_members(2, 20s));
    Daemon third(table);
    CHECK(scene.await_members(3, 20s));
    CHECK(observer.await_distinct(400, 20s));
    second.kill();
    CHECK(scene.await_members(2, 20s));
    CHECK(observer.await_distinct(800, 20s));
    CHECK(first.terminate() == 0);
    CHECK(scene.await_members(1, 20s));
    CHECK(observer.await_distinct(k_records, 40s));
    // All six partitions have one owner, and each of them goes on.
    for (int partition = 0; partition < 6; ++partition) {
        CHECK(scene.await_committed(partition, k_records / 6, 5s));
    }
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.foreign == 0);
    CHECK(verdict.out_of_order == 0);
    // Orderly joining and leaving costs nothing. The death, and each session that a living daemon lost because the machine was
    // too busy for its heartbeats, may cost what was in flight, and what settled in the commit interval before (usually 6).
    constexpr std::uint64_t k_between_commits = 50;
    const std::size_t ends = 1 + first.count_lines("partitions lost") +
                             second.count_lines("partitions lost") + third.count_lines("partitions lost");
    const auto of_third = third.counters("usual");
    REQUIRE(of_third.is_object());
    CHECK(verdict.duplicates <= ends * k_between_commits + given_up(of_third) +
                                    given_up(first.last_counters().at("routes").at("usual")));
    // Nothing stays held, in flight or stopped.
    CHECK(eventually(15s, [&] {
        const auto counters = third.counters("usual");
        return counters.is_object() && counters.at("laterd_partitions").at("stopped") == 0 &&
               counters.at("laterd_held_records") == 0 && counters.at("laterd_held_bytes") == 0 &&
               counters.at("laterd_in_flight") == 0;
    }));
}

TEST_CASE("a delay far above the poll interval causes no rebalance and no duplicate") {
    Scene scene(broker(), "longer", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {session.timeout.ms: "5000", max.poll.interval.ms: "5500"}}
    delay: 8s
    to: {topic: $name.out, partition: same}
)"));
    REQUIRE(scene.await_positions());
    const auto before = rebalances(daemon, "r");
    // A trickle, a burst, silence longer than session and poll interval, and one more.
    int id = 0;
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 40; ++i) {
        scene.produce("r" + std::to_string(id++), 8s, i % 2, now + i * 100);
    }
    for (int i = 0; i < 2000; ++i) {
        scene.produce("r" + std::to_string(id++), 8s, i % 2, now + 4000);
    }
    scene.producer.flush();
    CHECK(observer.await_distinct(static_cast<std::size_t>(id), 25s));
    scene.produce("last", 8s, 0, wall_ms() - 2000);
    scene.producer.flush();
    CHECK(observer.await_distinct(static_cast<std::size_t>(id) + 1, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
    CHECK(rebalances(daemon, "r") == before);
}

TEST_CASE("a coordinator that dies moves, and the group goes on") {
    // Of some groups one is coordinated by node 2.
    std::unique_ptr<Scene> scene;
    std::unique_ptr<Daemon> daemon;
    for (int i = 0; scene == nullptr && i < 12; ++i) {
        auto candidate = std::make_unique<Scene>(broker(), "coordinated" + std::to_string(i), 2);
        auto started = std::make_unique<Daemon>(candidate->usual("3s"));
        REQUIRE(candidate->await_positions());
        if (candidate->admin.coordinator(candidate->group()) == 2) {
            scene = std::move(candidate);
            daemon = std::move(started);
        }
    }
    REQUIRE(scene != nullptr);
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 400; ++i) {
        scene->produce("r" + std::to_string(i), 3s, i % 2, now + i * 10);
    }
    scene->producer.flush();
    broker().kill(2);
    Observer observer(scene->broker.bootstrap(), {scene->out()});
    CHECK(observer.await_distinct(400, 40s));
    CHECK(scene->await_committed(0, 200, 15s));
    CHECK(scene->await_committed(1, 200, 15s));
    CHECK(scene->admin.coordinator(scene->group()) == 1);
    const Account::Verdict verdict = scene->account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
    broker().restart(2);
    scene->produce("after", 3s, 1, wall_ms() - 3000);
    scene->producer.flush();
    CHECK(observer.await_distinct(401, 20s));
}

TEST_CASE("a target with too few replicas in sync is waited for, and order and records survive") {
    Scene scene(broker(), "replicas", 2);
    scene.admin.set_topic(scene.out(), {{"min.insync.replicas", "2"}});
    Daemon daemon(scene.usual("500ms"));
    REQUIRE(scene.await_positions());
    broker().kill(2);
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 200; ++i) {
        scene.produce("r" + std::to_string(i), 500ms, i % 2, now);
    }
    scene.producer.flush();
    // Until the dead node has left the set of replicas a few writes may hang; none is acknowledged.
    CHECK(always(4s, [&] { return scene.admin.committed(scene.group(), scene.in(), 0).value_or(0) == 0; }));
    broker().restart(2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    CHECK(observer.await_distinct(200, 40s));
    CHECK(scene.await_committed(0, 100, 10s));
    CHECK(scene.await_committed(1, 100, 10s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
}

TEST_CASE("a static member comes back after kill -9 without a rebalance of the others") {
    Scene scene(broker(), "static", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    // A session long enough to tell: without static membership nothing would move for half a minute.
    const auto table = [&](const std::string& instance) {
        return scene.table(
            "  r:\n    from: {topics: [$name.in], group: $name, properties: {session.timeout.ms: "
            "\"30000\"}}\n"
            "    delay: 1s\n"
            "    to: {topic: $name.out, partition: same}\n",
            "instance: " + instance + "\n");
    };
    Daemon one(table("one"));
    Daemon two(table("two"));
    REQUIRE(scene.await_members(2, 20s));
    REQUIRE(scene.await_positions());
    REQUIRE(eventually(20s, [&] { return partitions_of(one, "r") == 1 && partitions_of(two, "r") == 1; }));
    const auto before = rebalances(two, "r");
    one.kill();
    one.start();
    for (int i = 0; i < 20; ++i) {
        scene.produce("r" + std::to_string(i), 1s, i % 2);
    }
    scene.producer.flush();
    // Well within the session.
    CHECK(observer.await_distinct(20, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
    CHECK(rebalances(two, "r") == before);
}

TEST_CASE("of two daemons with one instance the older is fenced, says so, and stays quiet") {
    Scene scene(broker(), "fenced", 1);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::string table = scene.table(
        "  r:\n    from: {topics: [$name.in], group: $name}\n    delay: 500ms\n    to: {topic: $name.out}\n",
        "instance: same\n");
    Daemon older(table);
    REQUIRE(scene.await_positions());
    REQUIRE(scene.await_members(1));
    Daemon newer(table);
    CHECK(older.await_line("level=error", 20s));
    for (int i = 0; i < 20; ++i) {
        scene.produce("r" + std::to_string(i), 500ms);
    }
    scene.producer.flush();
    CHECK(observer.await_distinct(20, 15s));
    CHECK(always(2s, [&] { return observer.count() == 20; }));
    CHECK(older.is_running());
    CHECK(scene.account.judge(observer.records()).duplicates == 0);
    CHECK(scene.await_committed(0, 20, 5s));
    CHECK(older.terminate() == 0);
    CHECK(newer.terminate() == 0);
}

TEST_CASE("two workers of a route share its partitions in one process") {
    Scene scene(broker(), "workers", 4);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("500ms", "    workers: 2\n"));
    CHECK(scene.await_members(2, 20s));
    for (int i = 0; i < 400; ++i) {
        scene.produce("r" + std::to_string(i), 500ms, i % 4);
    }
    scene.producer.flush();
    CHECK(observer.await_distinct(400, 15s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(daemon.terminate() == 0);
}

}  // namespace laterd::kafka_test
