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
