// SIGHUP on a real Kafka: only the routes that differ drain and start again; the others notice nothing, and no record is lost
// or comes twice.
#include <csignal>

#include <memory>
#include <string>
#include <vector>

#include "kafka/handler_scene.h"
#include "kafka/scene.h"
#include "support/catch.hpp"
#include "support/free_port.h"

namespace laterd::kafka_test {

namespace {

KafkaBroker& broker() {
    // With a door that asks for a password.
    static KafkaBroker one({.sasl = true});
    return one;
}

// A route of that name over NAME.in and NAME.out, in the group NAME.
std::string route(const std::string& name, const std::string& delay, const std::string& cluster = "main") {
    return "  " + name + ":\n    from: {cluster: " + cluster + ", topics: [" + name + ".in], group: " + name +
           "}\n    delay: " + delay + "\n    to: {cluster: " + cluster + ", topic: " + name +
           ".out, partition: same}\n    dead_letter: {cluster: " + cluster + ", topic: " + name + ".dead}\n";
}

std::string table(const std::string& routes, const std::string& settings = "") {
    return "clusters:\n  main: {brokers: [\"" + broker().bootstrap() + "\"]}\ncommit_interval: 200ms\n" +
           settings + "routes:\n" + routes;
}

class Reloading : public Daemon {
  public:
    using Daemon::Daemon;

    void hang_up(const std::string& text) {
        write_file("laterd.yaml", text);
        signal(SIGHUP);
    }

    // Through, or refused.
    bool reload(const std::string& text) {
        const std::size_t before = ends();
        hang_up(text);
        return eventually(30s, [&] { return ends() > before; });
    }

    std::uint64_t rebalances(const std::string& name) {
        const auto found = counters(name);
        return found.is_object() ? found.at("laterd_rebalances_total").get<std::uint64_t>() : 0;
    }

    bool await_state(const std::string& name, const std::string& counter, std::uint64_t value) {
        return eventually(15s, [&] {
            const auto found = counters(name);
            return found.is_object() && found.at(counter) == value;
        });
    }

    // All from the one source of the route of this name.
    bool await_consumed(const std::string& name, std::uint64_t value) {
        return eventually(15s, [&] {
            const auto found = counters(name);
            return found.is_object() &&
                   found.at("laterd_records_consumed_total").value(name + ".in", std::uint64_t{0}) == value;
        });
    }

    int success() { return counters().at("laterd_config_reload_success").get<int>(); }

  private:
    std::size_t ends() const {
        return count_lines("event=reloaded") + count_lines("event=\"reload refused\"");
    }
};

void produce(Scene& scene, const std::string& prefix, int count, std::chrono::milliseconds delay,
             std::chrono::milliseconds gap = 0ms) {
    const std::int64_t now = wall_ms();
    for (int i = 0; i < count; ++i) {
        scene.produce(prefix + std::to_string(i), delay, i % 2, now + gap.count() * i);
    }
    scene.producer.flush();
}

void check_all_once(const Scene& scene, const Observer& observer) {
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.foreign == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
}

}  // namespace

TEST_CASE("a bad table changes nothing, and every problem is told") {
    Scene scene(broker(), "bad", 2);
    Observer observer(broker().bootstrap(), {scene.out()});
    Reloading daemon(table(route("bad", "10s")));
    REQUIRE(scene.await_positions());
    produce(scene, "r", 100, 10s);
    REQUIRE(daemon.await_state("bad", "laterd_held_records", 100));
    const std::uint64_t before = daemon.rebalances("bad");
    CHECK(daemon.reload(table(route("bad", "4x") + "  other: {}\n")));
    CHECK(daemon.count_lines("routes.bad.delay: \\\"4x\\\" is not a duration") == 1);
    CHECK(daemon.count_lines("routes.other.from: missing") == 1);
    CHECK(daemon.count_lines("event=\"reload refused\"") == 1);
    CHECK(daemon.success() == 0);
    CHECK(daemon.counters("bad").at("laterd_held_records") == 100);
    CHECK(observer.await_distinct(100, 20s));
    CHECK(daemon.rebalances("bad") == before);
    check_all_once(scene, observer);
    CHECK(daemon.reload(table(route("bad", "10s"))));
    CHECK(daemon.success() == 1);
    CHECK(daemon.rebalances("bad") == before);
}

TEST_CASE("a route that changes drains and starts again while the other holds on to its records") {
    Scene kept(broker(), "kept", 2);
    Scene changed(broker(), "changed", 2);
    Observer of_kept(broker().bootstrap(), {kept.out()});
    Observer of_changed(broker().bootstrap(), {changed.out()});
    Reloading daemon(table(route("kept", "6s") + route("changed", "8s")));
    REQUIRE(kept.await_positions());
    REQUIRE(changed.await_positions());
    produce(kept, "k", 200, 6s, 10ms);
    produce(changed, "c", 200, 3s, 10ms);
    REQUIRE(daemon.await_consumed("kept", 200));
    REQUIRE(daemon.await_consumed("changed", 200));
    const std::uint64_t before = daemon.rebalances("kept");
    REQUIRE(daemon.reload(table(route("kept", "6s") + route("changed", "3s"))));
    CHECK(daemon.count_lines("event=\"route changed\" route=changed keys=\"routes.changed.due.delay, "
                             "routes.changed.due.max\"") == 1);
    CHECK(daemon.count_lines("event=reloaded added=0 removed=0 changed=1 unchanged=1") == 1);
    CHECK(of_changed.await_distinct(200, 20s));
    CHECK(of_kept.await_distinct(200, 20s));
    check_all_once(kept, of_kept);
    check_all_once(changed, of_changed);
    CHECK(daemon.rebalances("kept") == before);
    // Held all the time, and read once.
    CHECK(daemon.counters("kept").at("laterd_records_consumed_total").at("kept.in") == 200);
    CHECK(daemon.count_lines("event=\"worker started\" route=kept") == 1);
    CHECK(daemon.count_lines("event=\"worker started\" route=changed") == 2);
    // What it has counted goes on.
    CHECK(daemon.counters("changed").at("laterd_deliveries_total").at("delivered") == 200);
    CHECK(daemon.counters("changed").at("laterd_rebalances_total") >= 2);
    CHECK(changed.await_committed(0, 100, 5s));
    CHECK(kept.await_committed(0, 100, 5s));
}

TEST_CASE("a route is added beside one that runs, drains when it is removed, and goes on where it was") {
    Scene kept(broker(), "stays", 2);
    Scene guest(broker(), "guest", 2);
    Observer of_kept(broker().bootstrap(), {kept.out()});
    Observer of_guest(broker().bootstrap(), {guest.out()});
    const std::string log = "log: {level: debug}\n";
    Reloading daemon(table(route("stays", "500ms"), log));
    REQUIRE(kept.await_positions());
    const std::uint64_t before = daemon.rebalances("stays");
    REQUIRE(daemon.reload(table(route("stays", "500ms") + route("guest", "5s"), log)));
    CHECK(daemon.count_lines("event=\"route added\" route=guest keys=routes.guest") == 1);
    // It had the whole memory.
    CHECK(
        daemon.await_line("event=\"share of the memory changed\" route=stays worker=1 bytes=134217728", 10s));
    REQUIRE(guest.await_positions());
    produce(kept, "k", 100, 500ms);
    produce(guest, "g", 100, 5s, 100ms);
    CHECK(of_guest.await_distinct(20, 20s));
    REQUIRE(daemon.reload(table(route("stays", "500ms"), log)));
    CHECK(daemon.count_lines("event=\"route removed\" route=guest keys=routes.guest") == 1);
    CHECK(
        daemon.await_line("event=\"share of the memory changed\" route=stays worker=1 bytes=268435456", 10s));
    CHECK(guest.await_members(0));
    CHECK(daemon.counters("guest").is_null());
    const std::int64_t settled = guest.admin.committed("guest", "guest.in", 0).value_or(0) +
                                 guest.admin.committed("guest", "guest.in", 1).value_or(0);
    CHECK(settled < 100);
    CHECK(of_guest.await_distinct(static_cast<std::size_t>(settled), 10s));
    CHECK(of_guest.distinct() == static_cast<std::size_t>(settled));
    CHECK(of_kept.await_distinct(100, 10s));
    CHECK(daemon.rebalances("stays") == before);
    // With two workers now.
    REQUIRE(daemon.reload(table(route("stays", "500ms") + route("guest", "5s") + "    workers: 2\n", log)));
    CHECK(guest.await_members(2, 20s));
    CHECK(of_guest.await_distinct(100, 20s));
    check_all_once(kept, of_kept);
    check_all_once(guest, of_guest);
    CHECK(daemon.rebalances("stays") == before);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("another content of a secret, or another cluster, restarts the routes that use it") {
    Scene inside(broker(), "inside", 2);
    Scene open(broker(), "open", 2);
    Observer of_inside(broker().bootstrap(), {inside.out()});
    Observer of_open(broker().bootstrap(), {open.out()});
    inside.admin.allow("laterd", inside.in());
    const auto clusters = [](const std::string& main) {
        return "clusters:\n  main: {brokers: [\"" + main + "\"]}\n  door: {brokers: [\"" +
               broker().sasl_bootstrap() +
               "\"], properties: {security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, sasl.username: "
               "laterd}, secrets: {sasl.password: pw}}\ncommit_interval: 200ms\nroutes:\n" +
               route("inside", "500ms", "door") + route("open", "500ms");
    };
    const std::string nobody = "127.0.0.1:" + std::to_string(support::free_port());
    Reloading daemon({.table = clusters(nobody), .environment = {}, .files = {{"pw", "marlin-9"}}});
    REQUIRE(daemon.await_line("event=\"cluster refuses\" route=inside", 20s));
    REQUIRE(daemon.await_line("event=\"cluster not reachable\" route=open", 20s));
    produce(inside, "i", 50, 500ms);
    produce(open, "o", 50, 500ms);
    daemon.write_file("pw", "secret\n");
    REQUIRE(daemon.reload(clusters(nobody)));
    CHECK(daemon.count_lines(
              R"(event="route changed" route=inside keys="clusters.door.secrets.\"sasl.password\"")") == 1);
    CHECK(daemon.count_lines("event=\"route changed\"") == 1);
    CHECK(of_inside.await_distinct(50, 20s));
    CHECK(of_open.distinct() == 0);
    const std::uint64_t before = daemon.rebalances("inside");
    REQUIRE(daemon.reload(clusters(broker().bootstrap())));
    CHECK(daemon.count_lines("event=\"route changed\" route=open keys=clusters.main.brokers") == 1);
    CHECK(of_open.await_distinct(50, 20s));
    CHECK(daemon.rebalances("inside") == before);
    check_all_once(inside, of_inside);
    check_all_once(open, of_open);
    CHECK(daemon.count_lines("marlin-9") == 0);
}

TEST_CASE("a group that moves from one route to another is not shared by the two") {
    HandlerScene scene(broker(), "moving", 2);
    scene.serve([](const Call& call) { return call.id == "slow" ? hold(answer(200)) : answer(200); });
    const auto calls = [&](const std::string& name, const std::string& path) {
        return table(
            "  " + name +
            ":\n    from: {topics: [moving.in], group: moving"
            "}\n    delay: 0s\n    to: {handler: {socket: " +
            scene.socket() + ", path: " + path +
            "}}\n    retry: {topic: moving.retry, backoff: 2s}\n    dead_letter: {topic: moving.dead}\n");
    };
    Reloading daemon(calls("before", "/before"));
    REQUIRE(scene.await_positions());
    scene.put("first");
    scene.put("slow");
    REQUIRE(eventually(10s, [&] { return scene.server().held() == 1; }));
    // Two in quick succession, while the first one waits for the answer.
    daemon.hang_up(calls("between", "/between"));
    REQUIRE(daemon.await_line("event=\"route added\" route=between", 10s));
    daemon.hang_up(calls("after", "/after"));
    REQUIRE(daemon.await_line("event=\"route added\" route=after", 10s));
    scene.put("next");
    CHECK(always(1s, [&] { return scene.call_count() == 2; }));
    CHECK(daemon.count_lines("event=reloaded") == 0);
    CHECK(daemon.count_lines("event=\"worker started\"") == 1);
    scene.server().release();
    CHECK(daemon.await_line("event=reloaded", 10s));
    CHECK(scene.await_called(3));
    CHECK(scene.repeated() == 0);
    CHECK(scene.calls("slow").front().request.target == "/before");
    CHECK(scene.calls("next").front().request.target == "/after");
    // The one between never began.
    CHECK(daemon.count_lines("event=\"worker started\"") == 2);
    CHECK(daemon.counters("before").is_null());
    CHECK(daemon.counters("between").is_null());
}

TEST_CASE("a stop while a changed route drains waits for it and begins nothing") {
    HandlerScene scene(broker(), "stopped", 1);
    scene.serve([](const Call&) { return hold(answer(200)); });
    const auto calls = [&](const std::string& path) {
        return table(
            "  r:\n    from: {topics: [stopped.in], group: stopped"
            "}\n    delay: 0s\n    to: {handler: {socket: " +
            scene.socket() + ", path: " + path + "}}\n");
    };
    Reloading daemon(calls("/one"));
    REQUIRE(scene.await_positions());
    scene.put("slow");
    REQUIRE(eventually(10s, [&] { return scene.server().held() == 1; }));
    daemon.hang_up(calls("/two"));
    REQUIRE(daemon.await_line("event=\"route changed\"", 10s));
    daemon.signal(SIGTERM);
    REQUIRE(daemon.await_line("event=\"reload given up\"", 10s));
    CHECK(daemon.is_running());
    scene.server().release();
    CHECK(daemon.wait(10s) == 0);
    CHECK(scene.await_committed(0, 1, 1s));
    CHECK(scene.call_count() == 1);
    CHECK(daemon.count_lines("event=\"worker started\"") == 1);
}

}  // namespace laterd::kafka_test
