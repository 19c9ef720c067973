// A program that is called when a record is due: one that goes away, is slow, is wrong or is asked to stop. Nothing is lost,
// no attempt is spent for nothing, and no partition changes hands for it.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <set>

#include "kafka/handler_scene.h"
#include "support/catch.hpp"
#include "support/child_process.h"

namespace laterd::kafka_test {

namespace {

using support::ChildProcess;
using support::hold;

std::int64_t place(const Call& call, const char* name) {
    return std::stoll(call.request.one(name).value_or("-1"));
}

std::vector<Call> at_path(const HandlerScene& scene, const std::string& path) {
    std::vector<Call> found = scene.calls();
    found.erase(std::remove_if(found.begin(), found.end(),
                               [&](const Call& call) { return call.request.target != path; }),
                found.end());
    return found;
}

// A daemon calls for one record at a time until it is answered, then for more and more: the first calls are answered.
HandlerScene::Script hold_after(std::size_t warmup) {
    return [warmup, calls = std::size_t{0}](const Call&) mutable {
        return ++calls <= warmup ? answer(204) : hold(answer(204));
    };
}

// Calls that came after a later record's of the same sequence.
template <typename Sequence>
std::size_t out_of_order(const std::vector<Call>& calls, Sequence sequence) {
    std::map<std::string, std::int64_t> newest;
    std::size_t count = 0;
    for (const Call& call : calls) {
        const std::string name = sequence(call);
        if (name.empty()) {
            continue;
        }
        const std::int64_t offset = place(call, "Kafka-Offset");
        const auto [last, is_first] = newest.try_emplace(name, offset);
        count += !is_first && offset <= last->second ? 1U : 0U;
        last->second = std::max(last->second, offset);
    }
    return count;
}

}  // namespace

TEST_CASE("a wrong path does not flush a topic into the dead letters") {
    const int status = GENERATE(404, 403);
    HandlerScene scene(KafkaBroker::shared(), "path" + std::to_string(status));
    constexpr int k_records = 200;
    for (int i = 0; i < k_records; ++i) {
        scene.producer.send({.topic = scene.in(), .partition = 0, .value = "r" + std::to_string(i)});
    }
    scene.producer.flush();
    scene.serve([&](const Call&) { return answer(status, "no such path"); });
    std::string table = scene.calling("sequence: none, not_found: dead_letter", scene.retrying(5, "200ms"));
    const std::string letters = "{topic: " + scene.dead();
    table.replace(table.find(letters), letters.size(), letters + ", guard: 10");
    Daemon daemon(table);
    CHECK(await_state(daemon, "holding"));
    CHECK(daemon.await_line("level=error", 15s));
    CHECK(eventually(15s, [&] { return scene.dead_letters() == 10; }));
    const std::size_t calls = scene.call_count();
    CHECK(always(1s, [&] { return scene.dead_letters() == 10 && scene.call_count() == calls; }));
    CHECK(scene.retry_copies() == 0);
    CHECK(daemon.terminate(10s) == 0);

    // Somebody has mended it: whatever was not given up is delivered.
    std::atomic<int> delivered{0};
    scene.serve([&](const Call&) {
        ++delivered;
        return answer(204);
    });
    daemon.start();
    CHECK(scene.await_committed(0, k_records, 15s));
    CHECK(delivered == k_records - 10);
    CHECK(scene.dead_letters() == 10);
}

TEST_CASE("a handler that answers 410 is called no more, and nothing is given up") {
    HandlerScene scene(KafkaBroker::shared(), "gone");
    std::atomic<bool> is_gone{true};
    scene.serve([&](const Call& call) { return answer(call.id == "r5" && is_gone ? 410 : 204); });
    for (int i = 0; i < 20; ++i) {
        scene.producer.send({.topic = scene.in(), .partition = 0, .value = "r" + std::to_string(i)});
    }
    scene.producer.flush();
    Daemon daemon(scene.calling("concurrency: 1", scene.retrying(5, "200ms")));
    CHECK(await_state(daemon, "holding"));
    CHECK(daemon.await_line("level=error", 15s));
    CHECK(scene.await_committed(0, 5, 15s));
    CHECK(always(1s, [&] { return scene.call_count() == 6; }));
    CHECK(daemon.terminate(10s) == 0);

    is_gone = false;
    daemon.start();
    CHECK(scene.await_committed(0, 20, 15s));
    CHECK(scene.calls("r5").back().attempt == 1);
    CHECK(scene.call_count() == 21);
    CHECK(scene.retry_copies() == 0);
    CHECK(scene.dead_letters() == 0);
}

TEST_CASE("SIGTERM lets requests in flight finish and be committed, and sends no others") {
    HandlerScene scene(KafkaBroker::shared(), "term");
    scene.serve(hold_after(10));
    for (int i = 0; i < 20; ++i) {
        scene.producer.send({.topic = scene.in(), .partition = 0, .value = "r" + std::to_string(i)});
    }
    scene.producer.flush();
    Daemon daemon(scene.calling("concurrency: 4", scene.retrying(5, "200ms")));
    REQUIRE(eventually(20s, [&] { return scene.server().held() == 4; }));
    CHECK_FALSE(daemon.terminate(1s).has_value());
    CHECK(scene.call_count() == 14);
    scene.server().release();
    CHECK(daemon.wait(15s) == 0);
    CHECK(scene.call_count() == 14);
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 14);

    daemon.start();
    CHECK(scene.await_committed(0, 20, 15s));
    CHECK(scene.call_count() == 20);
    CHECK(scene.called() == 20);
}

TEST_CASE("a drain that runs out gives up what is in flight, and it comes again") {
    HandlerScene scene(KafkaBroker::shared(), "drain");
    scene.serve([](const Call&) { return hold(answer(200)); });
    scene.put("r0");
    Daemon daemon(scene.calling("concurrency: 4", scene.retrying(5, "200ms"), "drain_timeout: 1s"));
    REQUIRE(eventually(20s, [&] { return scene.server().held() == 1; }));
    CHECK(daemon.terminate(5s) == 0);
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 0);
    scene.serve([](const Call&) { return answer(200); });
    daemon.start();
    CHECK(scene.await_committed(0, 1, 15s));
    CHECK(scene.calls("r0").back().attempt == 1);
}

// Both go on for longer than the poll interval: calls that take every slot, and a record that fails in place.
TEST_CASE("a slow handler, and one that fails for long, do not cost the partition") {
    HandlerScene scene(KafkaBroker::shared(), "slow");
    std::atomic<bool> is_mended{false};
    scene.serve([&](const Call& call) {
        if (call.request.target == "/failing") {
            return answer(is_mended ? 204 : 503);
        }
        return call.id == "s0" ? answer(204) : hold(answer(204));
    });
    for (int i = 0; i < 7; ++i) {
        scene.producer.send({.topic = scene.in(), .partition = 0, .value = "s" + std::to_string(i)});
        scene.producer.send(
            {.topic = scene.out(), .partition = 0, .key = "k", .value = "f" + std::to_string(i)});
    }
    scene.producer.flush();
    const std::string properties = "properties: {$short, max.poll.interval.ms: \"6000\"}}\n    delay: 0s\n";
    const std::string handler = "    to: {handler: {socket: " + scene.socket();
    Daemon daemon(scene.table("  slow:\n    from: {topics: [$name.in], group: $name, " + properties +
                              handler +
                              ", concurrency: 2, sequence: none, timeout: 1m}}\n"
                              "  failing:\n    from: {topics: [$name.out], group: $name-2, " +
                              properties + handler + ", path: /failing}}\n    retry: {backoff: 500ms}\n"));
    REQUIRE(eventually(20s, [&] { return scene.server().held() == 2 && !scene.calls("f0").empty(); }));
    const auto rebalances = [&](const char* route) {
        return daemon.counters(route).at("laterd_rebalances_total").get<int>();
    };
    const int before = rebalances("slow") + rebalances("failing");
    CHECK(always(8s, [&] { return scene.server().held() == 2 && scene.calls("f1").empty(); }));
    CHECK(scene.calls("f0").size() > 8);
    is_mended = true;
    scene.server().release();
    CHECK(scene.await_committed(0, 7, 15s));
    CHECK(eventually(15s, [&] { return scene.admin.committed("slow-2", scene.out(), 0) == 7; }));
    CHECK(rebalances("slow") + rebalances("failing") == before);
    CHECK(at_path(scene, "/").size() == 7);
    CHECK(out_of_order(at_path(scene, "/failing"), [](const Call& call) {
              return call.id == "f0" ? std::string() : std::string("k");
          }) == 0);
}

TEST_CASE("a sequence has one record in flight at a time, in order: of a key, of a partition, or of none") {
    HandlerScene scene(KafkaBroker::shared(), "sequence", 2);
    scene.serve([](const Call& call) { return call.id == "first" ? answer(204) : hold(answer(204)); });
    std::string routes;
    for (const std::string& sequence : {std::string("key"), std::string("partition"), std::string("none")}) {
        routes += "  " + sequence + ":\n    from: {topics: [$name.in], group: $name-" + sequence +
                  ", properties: {$short}}\n    delay: 0s\n    to: {handler: {socket: " + scene.socket() +
                  ", path: /" + sequence + ", sequence: " + sequence + ", concurrency: 25}}\n";
    }
    Daemon daemon(scene.table(routes));
    for (int i = 0; i < 30; ++i) {
        scene.producer.send({.topic = scene.in(), .partition = i % 2, .value = "first"});
    }
    scene.producer.flush();
    REQUIRE(scene.await_calls(3 * 30));
    // 30 of a hot key, 3 of each of ten others, 8 without a key.
    for (int i = 0; i < 30; ++i) {
        scene.put("hot" + std::to_string(i), 0, "hot");
        scene.put("some" + std::to_string(i), i % 2, "k" + std::to_string(i % 10));
        if (i < 8) {
            scene.put("null" + std::to_string(i), i % 2);
        }
    }
    const auto in_flight = [&] {
        return std::array{at_path(scene, "/key").size(), at_path(scene, "/partition").size(),
                          at_path(scene, "/none").size()};
    };
    const std::array<std::size_t, 3> expected{30 + 1 + 10 + 8, 30 + 2, 30 + 25};
    CHECK(eventually(20s, [&] { return in_flight() == expected; }));
    CHECK(always(500ms, [&] { return in_flight() == expected; }));

    scene.server().release();
    CHECK(eventually(20s, [&] { return in_flight() == std::array<std::size_t, 3>{98, 98, 98}; }));
    CHECK(out_of_order(at_path(scene, "/key"),
                       [](const Call& call) { return call.request.one("Kafka-Key").value_or(""); }) == 0);
    CHECK(out_of_order(at_path(scene, "/partition"), [](const Call& call) {
              return call.request.one("Kafka-Partition").value_or("");
          }) == 0);
}

TEST_CASE("a well-known server: uvicorn on a Unix socket, killed in the middle") {
    const std::string python =
        "/usr/bin/python3";  // where Debian's packages are, whatever else is on the path
    if (std::system((python + " -c 'import uvicorn' 2>/dev/null").c_str()) != 0) {
        WARN("skipped: there is no uvicorn (script/setup brings python3-uvicorn)");
        return;
    }
    HandlerScene scene(KafkaBroker::shared(), "uvicorn");
    support::TempFolder folder("uvicorn");
    std::ofstream(folder.path() / "app.py") << R"(
async def app(scope, receive, send):
    body = (await receive())["body"].decode()
    headers = dict(scope["headers"])
    with open("calls.txt", "a") as calls:
        calls.write(body + " " + headers[b"idempotency-key"].decode() + "\n")
    fails = body.endswith("7") and headers[b"laterd-attempt"] == b"1"
    await send({"type": "http.response.start", "status": 503 if fails else 204})
    await send({"type": "http.response.body"})
)";
    const auto serve = [&] {
        return ChildProcess({.arguments = {python, "-m", "uvicorn", "--lifespan", "off", "--log-level",
                                           "error", "--uds", scene.socket(), "app:app"},
                             .folder = folder.path(),
                             .output = folder.path() / "uvicorn.log"});
    };
    const auto called = [&] {
        std::set<std::string> lines;
        std::ifstream file(folder.path() / "calls.txt");
        for (std::string line; std::getline(file, line);) {
            lines.insert(line);
        }
        return lines;
    };
    constexpr std::size_t k_records = 3'000;
    for (std::size_t i = 0; i < k_records; ++i) {
        scene.producer.send({.topic = scene.in(), .partition = 0, .value = "r" + std::to_string(i)});
    }
    scene.producer.flush();
    Daemon daemon(scene.calling("concurrency: 16", scene.retrying(5, "300ms")));
    {
        ChildProcess first = serve();
        CHECK(eventually(20s, [&] { return called().size() > 200; }));
        first.kill();
    }
    CHECK(await_state(daemon, "holding"));
    ChildProcess second = serve();
    CHECK(eventually(30s, [&] { return called().size() == k_records; }));
    CHECK(scene.await_committed(0, k_records, 10s));
    CHECK(eventually(10s, [&] {
        const std::int64_t copies = scene.retry_copies();
        return copies >= 300 && scene.admin.committed(scene.group(), scene.retry(), 0) == copies;
    }));
    // Its sockets do not close all at the same time: some of the next calls meet one that does.
    CHECK(scene.retry_copies() <= 300 + 3 * 16);
    CHECK(scene.dead_letters() == 0);
}

}  // namespace laterd::kafka_test
