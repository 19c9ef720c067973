// Kafka deletes what waits longer than its topic keeps it, and compacts where it is told to: the guard against both.
#include "kafka/handler_scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

TEST_CASE("what would wait longer than its topic keeps it is too far, and the rest is delivered") {
    Scene scene(KafkaBroker::shared(), "short");
    scene.admin.set_topic(scene.in(), {{"retention.ms", "600000"}});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    Daemon daemon(
        scene.table("  r:\n"
                    "    from: {topics: [$name.in], group: $name, properties: {$short}}\n"
                    "    due: {header: at, format: unix_ms}\n"
                    "    to: {topic: $name.out}\n"
                    "    dead_letter: {topic: $name.dead}\n"));
    REQUIRE(scene.await_positions());
    CHECK(daemon.await_line("topic settings", 5s));
    const auto send = [&](const std::string& id, std::chrono::milliseconds away) {
        scene.producer.deliver({.topic = scene.in(),
                                .partition = 0,
                                .value = id,
                                .headers = {{"at", std::to_string(wall_ms() + away.count())}}});
    };
    send("kept", 5min);
    send("soon", 1s);
    send("far", 15min);
    REQUIRE(dead.await_count(1, 20s));
    CHECK(dead.records().front().id() == "far");
    CHECK(dead.records().front().header("laterd-reason") == "due-too-far");
    CHECK(observer.await_count(1, 10s));
    nlohmann::json counters;
    REQUIRE(eventually(10s, [&] {
        counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_held_records") == 1;
    }));
    // Ten minutes less the thirty days that a due time may be away.
    CHECK(counters.at("laterd_retention_margin_seconds").at(scene.in()) == 600.0 - 30 * 86'400.0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("what the source would not keep long enough goes to the waiting topic in time, if that keeps it") {
    Scene scene(KafkaBroker::shared(), "round.short");
    const std::string waiting = scene.group() + ".wait";
    // Records are held for two minutes behind their lap. A lap of four minutes is a little too long for what this topic keeps.
    scene.admin.create_topic(waiting, 4, {{"retention.ms", "390000"}});
    scene.admin.set_topic(scene.in(), {{"retention.ms", "600000"}});
    Observer copies(scene.broker.bootstrap(), {waiting});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    const std::string table = scene.table(
        "  r:\n"
        "    from: {topics: [$name.in], group: $name, properties: {$short}}\n"
        "    due: {header: at, format: unix_ms}\n"
        "    wait: {topic: $name.wait}\n"
        "    to: {topic: $name.out}\n"
        "    dead_letter: {topic: $name.dead}\n");
    Daemon daemon(table);
    REQUIRE(scene.await_positions());
    CHECK(daemon.await_line("those from 2 on are not used", 5s));
    const auto send = [&](const std::string& id) {
        scene.producer.deliver({.topic = scene.in(),
                                .partition = 0,
                                .value = id,
                                .headers = {{"at", std::to_string(wall_ms() + 3'600'000)}}});
    };
    send("goes");
    REQUIRE(copies.await_count(1, 10s));
    CHECK(copies.records().front().partition == 1);
    CHECK(scene.await_committed(0, 1, 5s));
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
    CHECK(daemon.terminate() == 0);

    // One that keeps no lap whole is none: then the source would have to keep it, and does not.
    scene.admin.set_topic(waiting, {{"retention.ms", "100000"}});
    daemon.start();
    CHECK(daemon.await_line("before the shortest lap is over", 15s));
    send("stays");
    REQUIRE(dead.await_count(1, 20s));
    CHECK(dead.records().front().id() == "stays");
    CHECK(dead.records().front().header("laterd-reason") == "due-too-far");
    CHECK(copies.records().size() == 1);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a compacted dead-letter topic holds the route, which goes on when it is mended") {
    Scene scene(KafkaBroker::shared(), "compacted.dead");
    scene.admin.set_topic(scene.dead(), {{"cleanup.policy", "compact"}});
    Daemon daemon(scene.usual("0s"));
    REQUIRE(daemon.await_line("reason=topic-compacted", 15s));
    CHECK(daemon.await_line("a compacted topic loses dead letters", 5s));
    scene.producer.deliver({.topic = scene.in(), .partition = 0, .value = "r0"});
    CHECK(await_state(daemon, "holding"));
    CHECK(always(1s, [&] { return scene.admin.log_end(scene.out(), 0) == 0; }));
    scene.admin.set_topic(scene.dead(), {{"cleanup.policy", "delete"}});
    CHECK(eventually(30s, [&] { return scene.admin.log_end(scene.out(), 0) == 1; }));
    CHECK(scene.await_committed(0, 1, 10s));
    CHECK(daemon.count_lines("route running") == 1);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("topics that take smaller records than the source are told") {
    HandlerScene scene(KafkaBroker::shared(), "small");
    scene.admin.set_topic(scene.retry(), {{"max.message.bytes", "500000"}});
    scene.admin.set_topic(scene.dead(), {{"max.message.bytes", "400000"}});
    scene.serve([](const Call&) { return answer(204); });
    const std::string table = scene.calling("", scene.retrying(3, "200ms"));
    Daemon daemon(table);
    CHECK(daemon.await_line("the retry topic takes records up to 500000 bytes", 15s));
    CHECK(daemon.await_line("the dead-letter topic takes records up to 400000 bytes", 5s));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a compacted retry topic holds the route, which goes on when it is mended") {
    HandlerScene scene(KafkaBroker::shared(), "compacted");
    scene.admin.set_topic(scene.retry(), {{"cleanup.policy", "compact"}});
    scene.serve([](const Call&) { return answer(204); });
    Daemon daemon(scene.calling("", scene.retrying(3, "200ms")));
    REQUIRE(daemon.await_line("reason=topic-compacted", 15s));
    scene.put("r0");
    CHECK(await_state(daemon, "holding"));
    CHECK(always(1s, [&] { return scene.call_count() == 0; }));
    scene.admin.set_topic(scene.retry(), {{"cleanup.policy", "delete"}});
    CHECK(scene.await_calls(1, 30s));
    CHECK(scene.await_committed(0, 1, 10s));
    CHECK(daemon.count_lines("route running") == 1);
    CHECK(daemon.terminate() == 0);
}

}  // namespace laterd::kafka_test
