// Outages as long as real ones: a handler away for a minute under load, copies refused for ten seconds, a handler that is
// gone for good and one at a wrong path, both asked once a minute. They mostly wait, so all of them go on at the same time.
#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "kafka/handler_scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

using support::hold;

// One broker with access control; laterd comes through its SASL listener where it is to be refused.
KafkaBroker& broker() {
    static KafkaBroker guarded({.sasl = true});
    return guarded;
}

Daemon::Options through_access_control(const Scene& scene, std::string table) {
    const std::string open = "{brokers: [" + scene.broker.bootstrap() + "]}";
    table.replace(table.find(open), open.size(),
                  "{brokers: [\"" + scene.broker.sasl_bootstrap() +
                      "\"], properties: {security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, "
                      "sasl.username: laterd}, secrets: {sasl.password: password}}");
    return {.table = std::move(table), .files = {{"password", "secret\n"}}};
}

// The first calls are answered at once: a daemon calls for one record at a time until it is, then for more and more.
HandlerScene::Script hold_after(std::size_t warmup) {
    return [warmup, calls = std::size_t{0}](const Call&) mutable {
        return ++calls <= warmup ? answer(204) : hold(answer(204));
    };
}

// Retry and dead-letter topic refuse writes.
struct Refused {
    HandlerScene scene{broker(), "refused", 3};
    std::optional<Daemon> daemon;

    void begin() {
        scene.serve([](const Call& call) {
            return answer(call.id == "rejected"                       ? 400
                          : call.id == "failing" && call.attempt == 1 ? 503
                                                                      : 204);
        });
        for (const std::string& topic : {scene.retry(), scene.dead()}) {
            scene.admin.allow("laterd", topic);
            scene.admin.deny("laterd", RD_KAFKA_ACL_OPERATION_WRITE, topic);
        }
        daemon.emplace(through_access_control(scene, scene.calling("", scene.retrying(5, "200ms"))));
        REQUIRE(scene.await_positions());
        scene.put("failing", 0);
        scene.put("rejected", 1);
        for (int i = 0; i < 9; ++i) {
            scene.put("r" + std::to_string(i), i % 3);
        }
        REQUIRE(scene.await_committed(2, 3, 20s));
        REQUIRE(scene.await_called(11, 20s));
    }

    bool goes_on() {
        return scene.admin.committed(scene.group(), scene.in(), 0) == 0 &&
               scene.admin.committed(scene.group(), scene.in(), 1) == 0 && scene.retry_copies() == 0 &&
               scene.dead_letters() == 0;
    }

    void end() {
        CHECK(counter(*daemon, "laterd_route_state", "running") == 1);
        scene.admin.allow_again(scene.retry());
        scene.admin.allow_again(scene.dead());
        CHECK(scene.await_committed(0, 4, 10s));
        CHECK(scene.await_committed(1, 4, 10s));
        CHECK(eventually(10s, [&] { return scene.calls("failing").size() == 2; }));
        CHECK(scene.calls("rejected").size() == 1);
        CHECK(scene.retry_copies() == 1);
        CHECK(scene.dead_letters() == 1);
        CHECK(scene.called() == 11);
        CHECK(scene.repeated() == 0);
    }
};

// Nobody listens, and records come all the while.
struct Away {
    static constexpr std::size_t k_concurrency = 16;
    static constexpr std::uint64_t k_memory = 24U * 1024 * 1024;
    static constexpr std::int64_t k_load_every_ms = 50;

    HandlerScene scene{broker(), "away"};
    std::optional<Daemon> daemon;
    std::size_t records = 0;
    std::int64_t load_at = 0;
    std::uint64_t most_held = 0;

    void send() {
        scene.producer.send({.topic = scene.in(),
                             .partition = 0,
                             .value = "r" + std::to_string(records++) + "|" + std::string(8192, 'x')});
    }

    void begin() {
        while (records < 5'000) {
            send();
        }
        scene.producer.flush();
        scene.serve(hold_after(1'000));
        // What the broker has for it is more than it may keep.
        daemon.emplace(scene.calling("concurrency: 16, sequence: none", scene.retrying(2, "500ms"),
                                     "limits: {memory: 24MiB}"));
        REQUIRE(eventually(30s, [&] { return scene.server().held() == k_concurrency; }));
        scene.stop_server();
        REQUIRE(await_state(*daemon, "holding"));
        REQUIRE(eventually(10s, [&] { return scene.retry_copies() == k_concurrency; }));
    }

    bool goes_on() {
        if (wall_ms() >= load_at) {
            load_at = wall_ms() + k_load_every_ms;
            send();
        }
        return scene.retry_copies() == k_concurrency && scene.dead_letters() == 0;
    }

    void end() {
        scene.producer.flush();
        CHECK(counter(*daemon, "laterd_held_bytes") < k_memory);
        CHECK(daemon->peak_rss_kib() < (24 + 48) * 1024);
        // Only what was in flight has lost an attempt.
        CHECK(counter(*daemon, "laterd_deliveries_total", "retry") == k_concurrency);

        const std::size_t before = scene.call_count();
        scene.serve(hold_after(20));
        CHECK(scene.await_calls(before + 1, 5s));  // 2 s on a machine of its own
        CHECK(eventually(20s, [&] { return scene.server().held() == k_concurrency; }));
        CHECK(always(500ms, [&] { return scene.server().held() == k_concurrency; }));
        scene.server().release();
        CHECK(scene.await_called(records, 60s));
        CHECK(scene.await_committed(0, static_cast<std::int64_t>(records), 10s));
        CHECK(eventually(10s, [&] { return scene.call_count() == records + k_concurrency; }));
        CHECK(scene.repeated() == 0);
        CHECK(scene.early(500ms) == 0);
        CHECK(scene.dead_letters() == 0);
    }
};

// A handler that does not want what it is called with. Its answers in the meantime are told by when they were asked for.
struct Unwilling {
    static constexpr std::int64_t k_minute_ms = 60'000;
    static constexpr std::int64_t k_late_ms = 6'000;  // on a busy machine
    static constexpr std::int64_t k_early_ms = 100;   // a daemon's turn may begin before the answer comes

    HandlerScene scene;
    std::optional<Daemon> daemon;
    std::atomic<std::size_t> before{0};  // calls until the route held

    explicit Unwilling(const std::string& name) : scene(broker(), name) {}

    void send(int records) {
        for (int i = 0; i < records; ++i) {
            scene.producer.send({.topic = scene.in(), .partition = 0, .value = "r" + std::to_string(i)});
        }
        scene.producer.flush();
    }

    void await_probe(std::size_t number) {
        CHECK(eventually(90s, [&] { return scene.call_count() >= before + number; }));
    }

    // The last call before the route held, then one a minute.
    void check_probes(std::size_t probes) {
        const std::vector<Call> calls = scene.calls();
        REQUIRE(calls.size() >= before + probes);
        for (std::size_t i = before; i < before + probes; ++i) {
            const std::int64_t since = calls[i].arrived_ms - calls[i - 1].arrived_ms;
            CHECK(since >= k_minute_ms - k_early_ms);
            CHECK(since <= k_minute_ms + k_late_ms);
        }
    }
};

struct Gone : Unwilling {
    std::atomic<int> refused{0};

    Gone() : Unwilling("gone") {}

    void begin() {
        // Refused when it came first, and by the first probe.
        scene.serve(
            [this](const Call& call) { return answer(call.id == "r5" && refused++ < 2 ? 410 : 204); });
        send(20);
        daemon.emplace(scene.calling("concurrency: 1", scene.retrying(5, "200ms")));
        REQUIRE(daemon->await_line("reason=handler-gone", 30s));
        before = scene.call_count();
        CHECK(before.load() == 6);
    }

    void end() {
        CHECK(scene.await_committed(0, 20, 15s));
        check_probes(2);
        CHECK(scene.calls("r5").size() == 3);
        CHECK(scene.calls("r5").back().attempt == 1);
        CHECK(scene.call_count() == 22);
        CHECK(scene.retry_copies() == 0);
        CHECK(scene.dead_letters() == 0);
    }
};

struct Guarded : Unwilling {
    static constexpr std::size_t k_guard = 10;

    std::atomic<int> since_held{0};

    Guarded() : Unwilling("guarded") {}

    void begin() {
        // Everything that comes before the route holds, and the first probe.
        scene.serve([this](const Call&) { return answer(before != 0 && ++since_held > 1 ? 204 : 403); });
        send(200);
        std::string table = scene.calling("concurrency: 1, sequence: none", scene.retrying(5, "200ms"));
        const std::string letters = "{topic: " + scene.dead();
        table.replace(table.find(letters), letters.size(), letters + ", guard: " + std::to_string(k_guard));
        daemon.emplace(table);
        REQUIRE(daemon->await_line("reason=too-many-dead-letters", 30s));
        REQUIRE(eventually(10s, [&] { return scene.dead_letters() == k_guard; }));
        before = scene.call_count();
    }

    void end() {
        CHECK(scene.await_committed(0, 200, 15s));
        check_probes(2);
        // The first probe was rejected, and stayed.
        CHECK(scene.calls()[before].id == scene.calls()[before + 1].id);
        CHECK(scene.dead_letters() == k_guard);
        CHECK(scene.called() == 200);
        CHECK(scene.retry_copies() == 0);
    }
};

}  // namespace

TEST_CASE("outages of a minute cost what was in flight, and end by themselves") {
    Gone gone;
    gone.begin();
    Guarded guarded;
    guarded.begin();
    Away away;
    away.begin();
    const std::int64_t began = wall_ms();
    Refused refused;
    refused.begin();
    CHECK(always(10s, [&] { return refused.goes_on() && away.goes_on(); }));
    refused.end();
    CHECK(always(std::chrono::milliseconds(began + 60'000 - wall_ms()), [&] { return away.goes_on(); }));
    away.end();

    gone.await_probe(1);
    guarded.await_probe(1);
    CHECK(guarded.scene.dead_letters() == Guarded::k_guard);
    gone.await_probe(2);
    guarded.await_probe(2);
    gone.end();
    guarded.end();
}

}  // namespace laterd::kafka_test
