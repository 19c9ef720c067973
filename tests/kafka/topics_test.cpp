// Topics that come, grow, vanish, come back and lose records while laterd reads them.
#include <librdkafka/rdkafka.h>

#include <optional>
#include <set>
#include <utility>

#include "kafka/scene.h"
#include "support/catch.hpp"
#include "support/stepped_clock.h"

namespace laterd::kafka_test {

using support::SteppedClock;

namespace {

// Metadata is refreshed every 30 s in production; here every half second.
const char* const k_quick =
    "session.timeout.ms: \"2000\", heartbeat.interval.ms: \"400\", topic.metadata.refresh.interval.ms: "
    "\"500\"";

std::string with_quick(std::string routes) {
    const std::string word = "$quick";
    for (std::size_t at = routes.find(word); at != std::string::npos; at = routes.find(word)) {
        routes.replace(at, word.size(), k_quick);
    }
    return routes;
}

std::uint64_t lost(Daemon& daemon) {
    const auto counters = daemon.counters("r");
    return counters.is_object() ? counters.at("laterd_records_lost_total").get<std::uint64_t>() : 0;
}

// librdkafka 2.4 to 2.8 uses memory that it has freed once a topic of a client is created anew (its issue 4964): the client
// loses the topic, or the process dies.
bool topic_ids_are_faulty() {
    return rd_kafka_version() >= 0x02040000 && rd_kafka_version() < 0x020a0000;
}

// As a service manager would, starts it again when that has ended it; nothing else may.
class ServedDaemon {
  public:
    explicit ServedDaemon(std::string table) : table_(std::move(table)) { daemon_.emplace(table_); }

    Daemon& get() {
        if (!daemon_->is_running()) {
            REQUIRE(topic_ids_are_faulty());
            WARN("librdkafka has ended the daemon");
            daemon_.emplace(table_);
        }
        return *daemon_;
    }

    bool ends() { return get().terminate(10s) == 0 || topic_ids_are_faulty(); }

  private:
    std::string table_;
    std::optional<Daemon> daemon_;
};

bool await_served(ServedDaemon& daemon, const Observer& observer, std::size_t distinct) {
    return eventually(90s, [&] { return daemon.get().is_running() && observer.distinct() >= distinct; });
}

}  // namespace

TEST_CASE("a source topic that is created after the start is found") {
    Scene scene(KafkaBroker::shared(), "late");
    Daemon daemon(scene.table(with_quick(R"(
  r:
    from: {topics: [late.born, "^late[.]wild[.].*"], group: $name, properties: {$quick}}
    delay: 300ms
    to: {topic: $name.out}
)")));
    REQUIRE(daemon.await_line("late.born", 10s));
    scene.admin.create_topic("late.born", 1);
    scene.admin.create_topic("late.wild.one", 1);
    // Matched whole: this one only begins like the expression's other topics.
    scene.admin.create_topic("xlate.wild.two", 1);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    scene.account.expect("born", wall_ms() + 300);
    scene.producer.send({.topic = "late.born", .partition = 0, .value = "born"});
    scene.account.expect("wild", wall_ms() + 300);
    scene.producer.send({.topic = "late.wild.one", .partition = 0, .value = "wild"});
    scene.producer.send({.topic = "xlate.wild.two", .partition = 0, .value = "unmatched"});
    scene.producer.flush();
    CHECK(observer.await_distinct(2, 20s));
    CHECK(always(500ms, [&] { return observer.distinct() == 2; }));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.foreign == 0);
    CHECK(verdict.early == 0);
}

TEST_CASE("records in a partition that is added later are read from its beginning, whatever start says") {
    Scene scene(KafkaBroker::shared(), "grown");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, start: latest, properties: {$quick}}
    delay: 500ms
    to: {topic: $name.out, partition: key}
)")));
    REQUIRE(scene.await_positions());
    scene.produce("before", 500ms);
    scene.producer.flush();
    REQUIRE(observer.await_distinct(1, 10s));
    REQUIRE(scene.await_committed(0, 1, 5s));

    // The records are there before laterd knows of the partition.
    scene.admin.set_partitions(scene.in(), 2);
    TestProducer fresh(scene.broker.bootstrap());
    for (int i = 0; i < 10; ++i) {
        scene.account.expect("n" + std::to_string(i), wall_ms() + 500, 1);
        fresh.send({.topic = scene.in(), .partition = 1, .value = "n" + std::to_string(i)});
    }
    fresh.flush();
    CHECK(observer.await_distinct(11, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
}

TEST_CASE("records deleted under a held partition are delivered or counted as lost, and the rest goes on") {
    Scene scene(KafkaBroker::shared(), "deleted");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$quick}}
    delay: 3s
    to: {topic: $name.out}
)")));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 100; ++i) {
        scene.produce("r" + std::to_string(i), 3s);
    }
    scene.producer.flush();
    scene.admin.delete_records(scene.in(), 0, 60);
    // The last forty are there in any case; each of the others must be accounted for.
    CHECK(eventually(20s, [&] { return observer.distinct() + lost(daemon) >= 100; }));
    CHECK(scene.await_committed(0, 100, 5s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == lost(daemon));
    CHECK(verdict.early == 0);
    CHECK(verdict.duplicates == 0);
    scene.produce("after", 3s, 0, wall_ms() - 3000);
    scene.producer.flush();
    CHECK(scene.await_committed(0, 101, 10s));
}

TEST_CASE("retention that overtakes the position is counted as lost and logged, and the rest is delivered") {
    Scene scene(KafkaBroker::shared(), "overtaken", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::string table = scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$quick}}
    delay: 500ms
    to: {topic: $name.out, partition: same}
)"));
    Daemon daemon(table);
    REQUIRE(scene.await_positions());
    CHECK(daemon.terminate() == 0);
    for (int i = 0; i < 200; ++i) {
        scene.produce("r" + std::to_string(i), 500ms, i % 2);
    }
    scene.producer.flush();
    scene.admin.delete_records(scene.in(), 0, 30);
    daemon.start();
    CHECK(observer.await_distinct(170, 20s));
    CHECK(scene.await_committed(0, 100, 5s));
    CHECK(scene.await_committed(1, 100, 5s));
    CHECK(lost(daemon) == 30);
    CHECK(daemon.count_lines("level=error") > 0);
    CHECK(scene.account.judge(observer.records()).missing == 30);
}

TEST_CASE("retention that overtakes a cold partition is noticed when it is read again") {
    Scene scene(KafkaBroker::shared(), "coldloss", 2);
    scene.admin.set_topic(scene.in(), {{"segment.bytes", "1048576"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    // Far enough for the partition to go cold, and more than it may keep of the records it has popped.
    Daemon daemon(scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$quick}}
    due: {header: at, format: unix_ms}
    order: partition
    to: {topic: $name.out, partition: same}
    dead_letter: {topic: $name.dead}
)")));
    REQUIRE(scene.await_positions());
    const std::int64_t due = wall_ms() + 70'000;
    for (int i = 0; i < 1000; ++i) {
        scene.producer.send({.topic = scene.in(),
                             .partition = 0,
                             .value = "c" + std::to_string(i) + "|" + std::string(1000, 'x'),
                             .headers = {{"at", std::to_string(due)}}});
    }
    scene.producer.flush();
    REQUIRE(eventually(10s, [&] {
        const auto counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_partitions").at("cold") == 1;
    }));
    scene.admin.delete_records(scene.in(), 0, 1000);
    CHECK(daemon.terminate(5s) == 0);
    daemon.start();
    CHECK(eventually(15s, [&] { return lost(daemon) == 1000; }));
    CHECK(scene.await_committed(0, 1000, 5s));
}

TEST_CASE(
    "records deleted under a cold partition are counted as lost when they fall due, and the rest is "
    "delivered") {
    Scene scene(KafkaBroker::shared(), "colddeleted");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    SteppedClock clock;
    Daemon daemon({.table = scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$quick}}
    delay: 10m
    to: {topic: $name.out}
)")),
                   .environment = clock.environment()});
    REQUIRE(scene.await_positions());
    // More than a cold partition keeps in memory.
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 1000; ++i) {
        scene.produce("r" + std::to_string(i), 10min, 0, now, 1000);
    }
    scene.producer.flush();
    REQUIRE(eventually(10s, [&] {
        const auto counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_partitions").at("cold") == 1;
    }));
    scene.admin.delete_records(scene.in(), 0, 900);
    clock.set_offset(11min);
    CHECK(eventually(20s, [&] { return observer.distinct() + lost(daemon) >= 1000; }));
    CHECK(scene.await_committed(0, 1000, 5s));
    CHECK(lost(daemon) > 0);
    const Account::Verdict verdict = scene.account.judge(observer.records(), {}, false);
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == lost(daemon));
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(daemon.count_lines("level=error") > 0);
    // Of what was still there, nothing is missing, and the partition goes on.
    std::set<std::string> still_there;
    for (const TestRecord& record : observer.records()) {
        if (std::stoi(record.id().substr(1)) >= 900) {
            still_there.insert(record.id());
        }
    }
    CHECK(still_there.size() == 100);
    scene.produce("after", 10min, 0, now - 600'000);
    scene.producer.flush();
    CHECK(scene.await_committed(0, 1001, 10s));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE(
    "a topic that is deleted and comes back shorter stops its partitions until the route says where to go "
    "on") {
    Scene scene(KafkaBroker::shared(), "shorter", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const auto table = [&](const std::string& out_of_range) {
        return scene.table(
            "  r:\n    from: {topics: [$name.in], group: $name, properties: {session.timeout.ms: \"20000\"}" +
            out_of_range + "}\n    delay: 300ms\n    to: {topic: $name.out, partition: same}\n");
    };
    {
        Daemon daemon(table(""));
        REQUIRE(scene.await_positions());
        for (int i = 0; i < 100; ++i) {
            scene.produce("r" + std::to_string(i), 300ms, i % 2);
        }
        scene.producer.flush();
        REQUIRE(observer.await_distinct(100, 10s));
        REQUIRE(scene.await_committed(0, 50, 5s));
        REQUIRE(scene.await_committed(1, 50, 5s));
        // Whoever sees that it is gone begins anew, as another test has it: this one sleeps through that.
        daemon.freeze();
        scene.admin.delete_topic(scene.in());
        scene.admin.create_topic(scene.in(), 2);
        TestProducer fresh(scene.broker.bootstrap());
        for (int i = 0; i < 10; ++i) {
            scene.account.expect("new" + std::to_string(i), wall_ms() + 300, i % 2);
            fresh.send({.topic = scene.in(), .partition = i % 2, .value = "new" + std::to_string(i)});
        }
        fresh.flush();
        daemon.thaw();
        if (!topic_ids_are_faulty()) {
            CHECK(eventually(20s, [&] {
                const auto counters = daemon.counters("r");
                return counters.is_object() && counters.at("laterd_partitions").at("stopped") == 2;
            }));
            CHECK(daemon.count_lines("level=error") > 0);
            CHECK(observer.distinct() == 100);
        }
        CHECK((daemon.terminate(10s) == 0 || topic_ids_are_faulty()));
    }
    Daemon daemon(table(", out_of_range: earliest"));
    // What librdkafka has ended has not left its group.
    CHECK(observer.await_distinct(110, 60s));
    CHECK(scene.await_committed(0, 5, 10s));
    CHECK(scene.await_committed(1, 5, 10s));
    CHECK(scene.account.judge(observer.records()).missing == 0);
    CHECK(daemon.terminate(10s) == 0);
}

TEST_CASE(
    "whoever slept while a topic was created anew reads the new one, also after its group has changed") {
    Scene scene(KafkaBroker::shared(), "slept", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::string table = scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, out_of_range: earliest, properties: {$quick}}
    delay: 300ms
    to: {topic: $name.out}
)"));
    ServedDaemon sleeper(table);
    REQUIRE(scene.await_positions());
    std::size_t sent = 0;
    const auto produce = [&](std::size_t count) {
        // A producer of its own each time: the topic may have been created anew.
        TestProducer producer(scene.broker.bootstrap());
        for (std::size_t i = 0; i < count; ++i, ++sent) {
            const std::string id = "r" + std::to_string(sent);
            const auto partition = static_cast<std::int32_t>(sent % 2);
            scene.account.expect(id, wall_ms() + 300, partition);
            producer.send({.topic = scene.in(), .partition = partition, .value = id});
        }
        producer.flush();
        return await_served(sleeper, observer, sent);
    };
    REQUIRE(produce(100));
    sleeper.get().freeze();
    scene.admin.delete_topic(scene.in());
    scene.admin.create_topic(scene.in(), 2);
    sleeper.get().thaw();
    REQUIRE(produce(10));
    {
        Daemon other(table);
        CHECK(eventually(
            30s, [&] { return partitions_of(sleeper.get(), "r") == 1 && partitions_of(other, "r") == 1; }));
        CHECK(produce(10));
        CHECK(other.terminate(10s) == 0);
    }
    CHECK(eventually(30s, [&] { return partitions_of(sleeper.get(), "r") == 2; }));
    CHECK(produce(10));
    CHECK(scene.account.judge(observer.records()).missing == 0);
    CHECK(sleeper.ends());
}

TEST_CASE("a target topic that is created anew gets the records that are due from then on, in time") {
    Scene scene(KafkaBroker::shared(), "target-anew", 2);
    ServedDaemon daemon(scene.usual("300ms"));
    REQUIRE(scene.await_positions());
    {
        Observer observer(scene.broker.bootstrap(), {scene.out()});
        scene.produce("before", 300ms);
        scene.producer.flush();
        REQUIRE(observer.await_distinct(1, 10s));
    }
    scene.admin.delete_topic(scene.out());
    scene.admin.create_topic(scene.out(), 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    for (std::size_t i = 0; i < 20; ++i) {
        scene.produce("r" + std::to_string(i), 300ms, static_cast<std::int32_t>(i % 2));
        scene.producer.flush();
        CHECK(await_served(daemon, observer, i + 1));
    }
    CHECK(daemon.ends());
}

TEST_CASE("a topic that is deleted and comes back while laterd runs is read again without a restart") {
    Scene scene(KafkaBroker::shared(), "again");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    ServedDaemon daemon(scene.table(with_quick(R"(
  r:
    from: {topics: [$name.in], group: $name, out_of_range: earliest, properties: {$quick}}
    delay: 300ms
    to: {topic: $name.out}
)")));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 50; ++i) {
        scene.produce("r" + std::to_string(i), 300ms);
    }
    scene.producer.flush();
    REQUIRE(observer.await_distinct(50, 10s));
    REQUIRE(scene.await_committed(0, 50, 5s));
    scene.admin.delete_topic(scene.in());
    scene.admin.create_topic(scene.in(), 1);
    // Longer than the position: without topic ids nobody can know that the first fifty are new. What lies behind is
    // delivered, and the partition is not wedged.
    TestProducer fresh(scene.broker.bootstrap());
    for (int i = 0; i < 80; ++i) {
        fresh.send({.topic = scene.in(), .partition = 0, .value = "new" + std::to_string(i)});
    }
    fresh.flush();
    const auto has = [&](const std::string& id) {
        const auto all = observer.records();
        return std::any_of(all.begin(), all.end(),
                           [&](const TestRecord& record) { return record.id() == id; });
    };
    CHECK(eventually(60s, [&] { return daemon.get().is_running() && has("new79"); }));
    for (int i = 50; i < 80; ++i) {
        CHECK(has("new" + std::to_string(i)));
    }
    CHECK(scene.await_committed(0, 80, 10s));
    CHECK(daemon.ends());
}

}  // namespace laterd::kafka_test
