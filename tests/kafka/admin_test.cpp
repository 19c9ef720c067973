// The admin endpoint of a daemon at work, on a real Kafka: what it says of records that wait, of a handler, and of itself.
#include <algorithm>

#include "admin/client.h"
#include "kafka/handler_scene.h"
#include "support/catch.hpp"
#include "support/free_port.h"

namespace laterd::kafka_test {

using Catch::Contains;

namespace {

std::string fresh_address() {
    return "127.0.0.1:" + std::to_string(support::free_port());
}

// The part of /status about `route`; null while there is none.
nlohmann::json status_of(const std::string& listen, const std::string& route) {
    const admin::Reply reply = admin::ask(listen, "/status");
    if (reply.status != 200) {
        return nullptr;
    }
    const auto status = nlohmann::json::parse(reply.body);
    for (const nlohmann::json& each : status.at("routes")) {
        if (each.at("route") == route) {
            return each;
        }
    }
    return nullptr;
}

}  // namespace

TEST_CASE("the status shows what waits, where, and when it is due") {
    Scene scene(KafkaBroker::shared(), "waiting", 2);
    const std::string listen = fresh_address();
    Daemon daemon(
        scene.table("  usual: {from: {topics: [$name.in], group: $name, properties: {$short}}, delay: 30m, "
                    "to: {topic: $name.out}}\n",
                    "admin: {listen: \"" + listen + "\"}\n"));
    REQUIRE(scene.await_positions());
    CHECK(eventually(10s, [&] { return admin::ask(listen, "/readyz").status == 200; }));
    const std::int64_t sent_ms = wall_ms();
    for (int i = 0; i < 5; ++i) {
        scene.produce("r" + std::to_string(i), 30min, 1);
    }
    nlohmann::json route;
    REQUIRE(eventually(30s, [&] {
        route = status_of(listen, "usual");
        // Asked of the broker every ten seconds, and hung out in the second after.
        return route.is_object() && route.at("partitions").size() == 2 &&
               std::all_of(route.at("partitions").begin(), route.at("partitions").end(),
                           [](const nlohmann::json& each) {
                               return each.at("lag_records") == (each.at("partition") == 1 ? 5 : 0);
                           }) &&
               route.at("lag_records") == 5;
    }));
    INFO(route.dump(2));
    CHECK(route.at("state") == "running");
    CHECK(route.at("sources") == scene.in());
    REQUIRE(route.at("partitions").size() == 2);
    for (const nlohmann::json& partition : route.at("partitions")) {
        const bool is_ours = partition.at("partition") == 1;
        CHECK(partition.at("topic") == scene.in());
        CHECK(partition.at("settled_up_to") == 0);
        CHECK(partition.at("lag_records") == (is_ours ? 5 : 0));
        CHECK(partition.at("next_due").is_null() == !is_ours);
    }
    const std::string text = admin::ask(listen, "/metrics").body;
    CHECK_THAT(text, Contains("laterd_records_consumed_total{route=\"usual\",topic=\"" + scene.in() + "\"}"));
    CHECK_THAT(text, Contains("laterd_lag_records{route=\"usual\",topic=\"" + scene.in() + "\"} 5\n"));
    const double next_due = daemon.counters("usual").at("laterd_next_due_timestamp_seconds").get<double>();
    CHECK(next_due >= static_cast<double>(sent_ms) / 1'000 + 1'800);
    CHECK(next_due < static_cast<double>(wall_ms()) / 1'000 + 1'800);
    CHECK(daemon.terminate() == 0);
    CHECK(admin::ask(listen, "/livez").status == 0);
}

TEST_CASE("a handler's calls are timed by their answer, and its absence is told") {
    HandlerScene scene(KafkaBroker::shared(), "timed");
    const std::string listen = fresh_address();
    scene.serve([](const Call& call) { return answer(call.id == "bad" ? 400 : 204); });
    Daemon daemon(scene.calling("", scene.retrying(3, "200ms"), "admin: {listen: \"" + listen + "\"}\n"));
    scene.put("good");
    scene.put("bad");
    REQUIRE(scene.await_calls(2));
    CHECK(eventually(10s, [&] {
        const std::string text = admin::ask(listen, "/metrics").body;
        return text.find("laterd_handler_seconds_count{route=\"usual\",code=\"204\"} 1\n") !=
                   std::string::npos &&
               text.find("laterd_handler_seconds_count{route=\"usual\",code=\"400\"} 1\n") !=
                   std::string::npos &&
               text.find("laterd_dead_letters_total{route=\"usual\",reason=\"http-400\"} 1\n") !=
                   std::string::npos;
    }));
    scene.stop_server();
    scene.put("later");
    REQUIRE(eventually(15s, [&] {
        const nlohmann::json route = status_of(listen, "usual");
        return route.is_object() && route.at("holding_for") == "handler-down";
    }));
    const auto status = nlohmann::json::parse(admin::ask(listen, "/status").body);
    CHECK(status.at("errors")[0].at("event") == "route holding");
    CHECK(admin::ask(listen, "/livez").status == 200);
    CHECK(daemon.terminate() == 0);
}

}  // namespace laterd::kafka_test
