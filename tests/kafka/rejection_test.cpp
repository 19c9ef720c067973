// A broker judges a batch; laterd finds the one record that deserves it. What belongs to the route makes it hold instead.
#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

// One broker with access control; laterd comes through its SASL listener where a test wants it to be refused.
KafkaBroker& broker() {
    static KafkaBroker guarded({.sasl = true});
    return guarded;
}

// Everything in as few batches as possible, so that innocent records share their batch with the bad one.
Properties large_batches() {
    return {{"linger.ms", "200"}};
}

std::string text(const std::string& id, std::size_t size) {
    return id + "|" + std::string(size, 'x');
}

void check_others_arrived(const Scene& scene, const Observer& observer, const Observer& dead,
                          std::size_t letters) {
    const Account::Verdict verdict = scene.account.judge(observer.records(), dead.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
    CHECK(dead.count() == letters);
}

}  // namespace

TEST_CASE("one record too large among ten thousand is dead-lettered alone, with reason and original bytes") {
    Scene scene(broker(), "toolarge");
    scene.admin.set_topic(scene.out(), {{"max.message.bytes", "20000"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    TestProducer producer(scene.broker.bootstrap(), large_batches());
    const std::int64_t now = wall_ms() - 2000;
    const std::string large = text("r5000", 50'000);
    for (int i = 0; i < 10'000; ++i) {
        const std::string id = "r" + std::to_string(i);
        scene.account.expect(id, now + 1000);
        producer.send({.topic = scene.in(),
                       .partition = 0,
                       .key = id,
                       .value = i == 5000 ? large : text(id, 100),
                       .headers = {{"mine", "yes"}},
                       .timestamp = now});
    }
    producer.flush();
    Daemon daemon(scene.usual("1s"));
    CHECK(observer.await_distinct(9'999, 40s));
    REQUIRE(dead.await_count(1, 20s));
    check_others_arrived(scene, observer, dead, 1);
    const TestRecord letter = dead.records().front();
    CHECK(letter.header("laterd-reason") == "too-large");
    CHECK((letter.value == large));
    CHECK(letter.key == "r5000");
    CHECK(letter.header("mine") == "yes");
    CHECK(letter.header("laterd-origin-offset") == "5000");
    CHECK(letter.header("laterd-error").has_value());
    CHECK(scene.await_committed(0, 10'000, 10s));
    // Only neighbours of the refused record may be overtaken.
    CHECK(scene.account.judge(observer.records()).out_of_order == 0);
}

TEST_CASE("one record with a refused timestamp in a batch is dead-lettered alone") {
    Scene scene(broker(), "refusedtime");
    scene.admin.set_topic(scene.out(), {{"message.timestamp.before.max.ms", "600000"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    TestProducer producer(scene.broker.bootstrap(), large_batches());
    const std::int64_t now = wall_ms() - 2000;
    for (int i = 0; i < 500; ++i) {
        const std::string id = "r" + std::to_string(i);
        const std::int64_t timestamp = i == 250 ? now - 3'600'000 : now;
        scene.account.expect(id, timestamp + 1000);
        producer.send({.topic = scene.in(), .partition = 0, .value = id, .timestamp = timestamp});
    }
    producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    delay: 1s
    to: {topic: $name.out, timestamp: original}
    dead_letter: {topic: $name.dead}
)"));
    CHECK(observer.await_distinct(499, 20s));
    REQUIRE(dead.await_count(1, 20s));
    CHECK(dead.records().front().id() == "r250");
    CHECK(dead.records().front().header("laterd-reason") == "bad-timestamp");
    const Account::Verdict verdict = scene.account.judge(observer.records(), dead.records(), false);
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(scene.await_committed(0, 500, 10s));
}

TEST_CASE("one record without a key for a compacted target is dead-lettered alone") {
    Scene scene(broker(), "nokey");
    scene.admin.set_topic(scene.out(), {{"cleanup.policy", "compact"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    TestProducer producer(scene.broker.bootstrap(), large_batches());
    const std::int64_t now = wall_ms() - 2000;
    for (int i = 0; i < 500; ++i) {
        const std::string id = "r" + std::to_string(i);
        scene.account.expect(id, now + 1000);
        producer.send({.topic = scene.in(),
                       .partition = 0,
                       .key = i == 499 ? support::Bytes() : support::Bytes(id),
                       .value = id,
                       .timestamp = now});
    }
    producer.flush();
    Daemon daemon(scene.usual("1s"));
    CHECK(observer.await_distinct(499, 20s));
    REQUIRE(dead.await_count(1, 20s));
    CHECK(dead.records().front().id() == "r499");
    CHECK_FALSE(dead.records().front().key.has_value());
    CHECK(dead.records().front().header("laterd-reason") == "refused-by-broker");
    check_others_arrived(scene, observer, dead, 1);
    CHECK(scene.await_committed(0, 500, 10s));
}

TEST_CASE("without a dead-letter topic the refused record's partition stops, says so, and the others go on") {
    Scene scene(broker(), "stopping", 2);
    scene.admin.set_topic(scene.out(), {{"max.message.bytes", "20000"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::int64_t now = wall_ms() - 2000;
    for (int i = 0; i < 100; ++i) {
        scene.produce("a" + std::to_string(i), 1s, 0, now, i == 50 ? 50'000 : 10);
        scene.produce("b" + std::to_string(i), 1s, 1, now, 10);
    }
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    delay: 1s
    to: {topic: $name.out, partition: same}
)"));
    // All of partition 1, and partition 0 up to the refused record. Partition 1 also goes on afterwards.
    CHECK(observer.await_distinct(150, 20s));
    CHECK(daemon.await_line("level=error", 10s));
    CHECK(scene.await_committed(0, 50, 5s));
    scene.produce("b-after", 1s, 1, now);
    scene.producer.flush();
    CHECK(observer.await_distinct(151, 10s));
    CHECK(scene.await_committed(1, 101, 5s));
    CHECK(eventually(5s, [&] {
        const auto counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_partitions").at("stopped") == 1;
    }));
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 50);
    CHECK(daemon.terminate(5s) == 0);
}

TEST_CASE("a target that refuses the client makes the route hold, and it goes on by itself") {
    Scene scene(broker(), "denied", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    scene.admin.deny("laterd", RD_KAFKA_ACL_OPERATION_WRITE, scene.out());
    Daemon daemon({.table = "clusters:\n"
                            "  main:\n"
                            "    brokers: [\"" +
                            scene.broker.sasl_bootstrap() +
                            "\"]\n"
                            "    properties: {security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, "
                            "sasl.username: laterd}\n"
                            "    secrets: {sasl.password: password}\n"
                            "commit_interval: 200ms\n"
                            "routes:\n"
                            "  r:\n"
                            "    from: {topics: [denied.in], group: denied}\n"
                            "    delay: 200ms\n"
                            "    to: {topic: denied.out, partition: same}\n"
                            "    dead_letter: {topic: denied.dead}\n",
                   .files = {{"password", "secret\n"}}});
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 50; ++i) {
        scene.produce("r" + std::to_string(i), 200ms, i % 2);
    }
    scene.producer.flush();
    CHECK(eventually(10s, [&] {
        const auto counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_route_state").at("holding") == 1;
    }));
    CHECK(always(2s, [&] { return observer.count() == 0; }));
    scene.admin.allow_again(scene.out());
    CHECK(observer.await_distinct(50, 5s));
    CHECK(scene.await_committed(0, 25, 5s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
    CHECK(eventually(5s, [&] { return daemon.counters("r").at("laterd_route_state").at("running") == 1; }));
}

TEST_CASE("a target topic that does not exist yet is waited for, and said") {
    Scene scene(broker(), "notarget");
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    delay: 200ms
    to: {topic: $name.later}
    dead_letter: {topic: $name.dead}
)"));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 50; ++i) {
        scene.produce("r" + std::to_string(i), 200ms);
    }
    scene.producer.flush();
    CHECK(daemon.await_line("notarget.later", 10s));
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 0);
    CHECK(always(1s, [&] { return scene.admin.partitions("notarget.later") <= 0; }));

    scene.admin.create_topic("notarget.later", 1);
    Observer observer(scene.broker.bootstrap(), {"notarget.later"});
    CHECK(observer.await_distinct(50, 6s));
    CHECK(scene.await_committed(0, 50, 5s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
}

TEST_CASE("a target partition that does not exist yet is waited for") {
    Scene scene(broker(), "nopartition", 2);
    scene.admin.create_topic("nopartition.small", 1);
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    delay: 200ms
    to: {topic: $name.small, partition: same}
    dead_letter: {topic: $name.dead}
)"));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 40; ++i) {
        scene.produce("r" + std::to_string(i), 200ms, i % 2);
    }
    scene.producer.flush();
    CHECK(always(2s, [&] { return scene.admin.committed(scene.group(), scene.in(), 1) == 0; }));
    scene.admin.set_partitions("nopartition.small", 2);
    Observer observer(scene.broker.bootstrap(), {"nopartition.small"});
    CHECK(observer.await_distinct(40, 8s));
    CHECK(scene.await_committed(1, 20, 5s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
}

TEST_CASE("while the dead-letter topic is missing, its partition holds and the others go on") {
    Scene scene(broker(), "nodead", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    due: {header: at, format: unix_ms}
    order: partition
    to: {topic: $name.out, partition: same}
    dead_letter: {topic: $name.grave}
)"));
    REQUIRE(scene.await_positions());
    scene.producer.deliver({.topic = scene.in(), .partition = 0, .value = "bad"});
    for (int i = 0; i < 40; ++i) {
        const std::string id = "r" + std::to_string(i);
        scene.account.expect(id, wall_ms(), i % 2);
        scene.producer.send({.topic = scene.in(),
                             .partition = i % 2,
                             .value = id,
                             .headers = {{"at", std::to_string(wall_ms())}}});
    }
    scene.producer.flush();
    CHECK(scene.await_committed(1, 20, 10s));
    CHECK(always(1s, [&] { return scene.admin.committed(scene.group(), scene.in(), 0) == 0; }));
    scene.admin.create_topic("nodead.grave", 1);
    Observer grave(scene.broker.bootstrap(), {"nodead.grave"});
    CHECK(grave.await_count(1, 8s));
    CHECK(observer.await_distinct(40, 8s));
    CHECK(scene.await_committed(0, 21, 5s));
    CHECK(grave.records().front().id() == "bad");
    CHECK(scene.account.judge(observer.records()).missing == 0);
}

}  // namespace laterd::kafka_test
