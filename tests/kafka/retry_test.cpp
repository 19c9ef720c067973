// What the handler does not take is tried again over the retry topic, later each time, and ends in the dead letters: each
// step once, none early, whatever dies, refuses or lies in between.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "kafka/handler_scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

using support::hold;

std::string place(const std::string& topic, std::int64_t offset, std::int32_t partition = 0) {
    return topic + "/" + std::to_string(partition) + "/" + std::to_string(offset);
}

std::vector<int> attempts(const std::vector<Call>& calls) {
    std::vector<int> all;
    for (const Call& call : calls) {
        all.push_back(call.attempt);
    }
    return all;
}

std::size_t count_header(const TestRecord& record, const std::string& name) {
    return static_cast<std::size_t>(std::count_if(record.headers.begin(), record.headers.end(),
                                                  [&](const Header& header) { return header.name == name; }));
}

std::vector<Header> foreign_headers(const TestRecord& record) {
    std::vector<Header> all;
    std::copy_if(record.headers.begin(), record.headers.end(), std::back_inserter(all),
                 [](const Header& header) { return header.name.rfind("laterd-", 0) != 0; });
    return all;
}

// Retry topic and source are read to their ends.
bool await_all_settled(HandlerScene& scene, std::int64_t records) {
    return scene.await_committed(0, records, 10s) && eventually(10s, [&] {
               const std::int64_t copies = scene.retry_copies();
               return scene.admin.committed(scene.group(), scene.retry(), 0).value_or(0) == copies;
           });
}

}  // namespace

TEST_CASE("a failing record delays no neighbour, and is tried again on time, as often as the route says") {
    HandlerScene scene(KafkaBroker::shared(), "neighbours");
    scene.serve(
        [](const Call& call) { return call.id.front() == 'f' ? answer(503, "try later") : answer(204); });
    Daemon daemon(scene.calling("", scene.retrying(3, "[400ms, 800ms]")));
    REQUIRE(scene.await_positions());
    constexpr int k_records = 300;
    constexpr std::size_t k_failing = 30;
    for (int i = 0; i < k_records; ++i) {
        const std::string id = (i % 10 == 0 ? "f" : "r") + std::to_string(i);
        scene.producer.send({.topic = scene.in(), .partition = 0, .key = id, .value = id});
    }
    scene.producer.flush();
    CHECK(scene.await_calls(k_records + 2 * k_failing));
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    CHECK(dead.await_count(k_failing, 10s));
    CHECK(await_all_settled(scene, k_records));
    CHECK(scene.retry_copies() == 2 * k_failing);
    CHECK(scene.early(350ms) == 0);

    std::vector<std::int64_t> late;
    for (const Call& call : scene.calls()) {
        late.push_back(call.arrived_ms - call.due_ms);
        const bool is_failing = call.id.front() == 'f';
        CHECK((is_failing || call.attempt == 1));
        CHECK(call.idempotency_key == place(scene.in(), std::stoll(call.id.substr(1))));
        CHECK(call.request.one("Laterd-Max-Attempts") == "3");
    }
    std::sort(late.begin(), late.end());
    CHECK(late[late.size() * 99 / 100] < 500);
    for (int i = 0; i < k_records; i += 10) {
        const std::vector<Call> calls = scene.calls("f" + std::to_string(i));
        REQUIRE(attempts(calls) == std::vector{1, 2, 3});
        CHECK(calls[2].arrived_ms - calls[1].arrived_ms >= 750);
    }
    for (const TestRecord& letter : dead.records()) {
        CHECK(letter.header("laterd-reason") == "attempts-exhausted");
        CHECK(letter.header("laterd-error") == "try later");
        CHECK(letter.header("laterd-attempt") == "3");
    }
}

TEST_CASE("a dead letter says where from and why, keeps every byte, and starts afresh when it is replayed") {
    HandlerScene scene(KafkaBroker::shared(), "letters", 2);
    scene.serve([](const Call&) { return answer(422, "no such account"); });
    const TestRecord sent{
        .topic = scene.in(),
        .partition = 1,
        .key = std::string("\0key\xff", 5),
        .value = std::string("\x00\xfe value", 8),
        .headers = {{"a", "1"}, {"b", std::nullopt}, {"a", std::string("\0\xff", 2)}, {"c", ""}},
        .timestamp = wall_ms() - 5000};
    scene.producer.deliver({.topic = scene.in(), .partition = 1, .value = "before"});
    scene.producer.deliver(sent);
    const std::int64_t began = wall_ms();
    Daemon daemon(scene.calling("", scene.retrying(3, "200ms")));
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    REQUIRE(dead.await_count(2, 20s));
    const TestRecord letter = dead.records().back();
    CHECK((letter.key == sent.key));
    CHECK((letter.value == sent.value));
    CHECK((foreign_headers(letter) == sent.headers));
    CHECK(letter.header("laterd-route") == "usual");
    CHECK(letter.header("laterd-reason") == "http-422");
    CHECK(letter.header("laterd-error") == "no such account");
    CHECK(letter.header("laterd-attempt") == "1");
    CHECK(letter.header("laterd-origin-topic") == scene.in());
    CHECK(letter.header("laterd-origin-partition") == "1");
    CHECK(letter.header("laterd-origin-offset") == "1");
    CHECK(letter.header("laterd-origin-timestamp") == std::to_string(sent.timestamp));
    CHECK(std::stoll(letter.header("laterd-first-attempt").value_or("0")) >= began);
    CHECK(letter.timestamp >= began);
    CHECK(daemon.await_line("reason=http-422", 5s));

    TestRecord replayed = letter;
    replayed.topic = scene.in();
    replayed.partition = 0;
    replayed.timestamp = 0;
    scene.producer.deliver(replayed);
    REQUIRE(dead.await_count(3, 10s));
    const TestRecord again = dead.records().back();
    CHECK((again.value == sent.value));
    CHECK((foreign_headers(again) == sent.headers));
    CHECK(again.header("laterd-attempt") == "1");
    CHECK(again.header("laterd-origin-partition") == "0");
    CHECK(again.header("laterd-origin-offset") == "0");
    for (const Header& header : letter.headers) {
        CHECK((header.name.rfind("laterd-", 0) != 0 || count_header(again, header.name) == 1));
    }
    CHECK(scene.calls().back().attempt == 1);
    CHECK(scene.calls().back().idempotency_key == place(scene.in(), 0));
    CHECK(scene.retry_copies() == 0);
}

TEST_CASE("kills, restarts and rebalances add no attempts, and every attempt has the same idempotency key") {
    const bool is_killed = GENERATE(true, false);
    HandlerScene scene(KafkaBroker::shared(), is_killed ? "killed" : "restarted", 2);
    constexpr std::size_t k_records = 100;
    constexpr int k_attempts = 4;
    scene.serve([](const Call&) { return answer(503); });
    // One falls due every 30 ms, so that whatever happens meets each of the attempts.
    const std::int64_t now = wall_ms() + 1000;
    for (std::size_t i = 0; i < k_records; ++i) {
        scene.producer.send({.topic = scene.in(),
                             .partition = static_cast<std::int32_t>(i % 2),
                             .value = "r" + std::to_string(i),
                             .timestamp = now + static_cast<std::int64_t>(i) * 30});
    }
    scene.producer.flush();
    std::string table = scene.calling("concurrency: 8", scene.retrying(k_attempts, "300ms"));
    const std::string letters = "{topic: " + scene.dead();
    table.replace(table.find(letters), letters.size(), letters + ", guard: off");
    // A static member is back at once after its death.
    Daemon first(table + "instance: one\n");
    for (std::size_t i = 1; i <= 3; ++i) {
        CHECK(scene.await_called(i * k_records / 5));
        if (is_killed) {
            first.kill();
        } else {
            CHECK(first.terminate() == 0);
        }
        first.start();
    }
    {
        Daemon second(table + "instance: two\n");
        CHECK(scene.await_called(k_records * 4 / 5));
        CHECK(second.terminate() == 0);
    }
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    CHECK(dead.await_distinct(k_records, 30s));
    CHECK(await_all_settled(scene, k_records / 2));

    std::map<std::string, std::set<std::string>> keys;
    for (const Call& call : scene.calls()) {
        CHECK((call.attempt >= 1 && call.attempt <= k_attempts));
        keys[call.id].insert(call.idempotency_key);
    }
    CHECK(std::all_of(keys.begin(), keys.end(), [](const auto& entry) { return entry.second.size() == 1; }));
    CHECK(keys.size() == k_records);
    CHECK(scene.early() == 0);
    for (const TestRecord& letter : dead.records()) {
        CHECK(letter.header("laterd-attempt") == std::to_string(k_attempts));
    }
    // What a kill repeats ends in a dead letter of its own: at most what one commit interval had settled, and a static
    // member's fellow takes over no more.
    CHECK(scene.call_count() <= k_attempts * dead.count());
    CHECK(dead.count() - k_records <= (is_killed ? 3 * 60U : 0U));
}

TEST_CASE("a stop in the middle of a failing delivery writes exactly one copy") {
    HandlerScene scene(KafkaBroker::shared(), "onecopy");
    scene.serve([](const Call&) { return hold(answer(503)); });
    scene.put("r0");
    Daemon daemon(scene.calling("", scene.retrying(5, "200ms")));
    REQUIRE(eventually(20s, [&] { return scene.server().held() == 1; }));
    CHECK_FALSE(daemon.terminate(500ms).has_value());
    scene.server().release();
    CHECK(daemon.wait(5s) == 0);
    CHECK(scene.retry_copies() == 1);
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 1);
    scene.serve([](const Call&) { return answer(204); });
    daemon.start();
    CHECK(eventually(15s, [&] { return scene.admin.committed(scene.group(), scene.retry(), 0) == 1; }));
    CHECK(attempts(scene.calls()) == std::vector{1, 2});
    CHECK(scene.retry_copies() == 1);
}

TEST_CASE("a rebalance in the middle of a failing delivery writes exactly one copy") {
    HandlerScene scene(KafkaBroker::shared(), "rebalance", 2);
    // The first answer tells the daemon that it may call for more than one at a time.
    scene.serve([](const Call& call) {
        return call.id.front() == 'r' && call.attempt == 1 ? hold(answer(503)) : answer(204);
    });
    const std::string table = scene.calling("", scene.retrying(5, "200ms"));
    Daemon first(table);
    scene.put("before", 0);
    REQUIRE(scene.await_committed(0, 1, 15s));
    scene.put("r0", 0);
    scene.put("r1", 1);
    REQUIRE(eventually(20s, [&] { return scene.server().held() == 2; }));
    Daemon second(table);
    REQUIRE(first.await_line("partitions revoked", 15s));
    scene.server().release();
    CHECK(scene.await_members(2));
    CHECK(eventually(15s, [&] { return scene.admin.committed(scene.group(), scene.retry(), 0) == 2; }));
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 2);
    CHECK(scene.admin.committed(scene.group(), scene.in(), 1) == 1);
    CHECK(scene.retry_copies() == 2);
    CHECK(scene.call_count() == 5);
    CHECK(scene.repeated() == 0);
    CHECK(given_up(first) == 0);
}

TEST_CASE("while the retry or dead-letter topic is missing, the partition in need holds, others go on") {
    HandlerScene scene(KafkaBroker::shared(), "missing", 3);
    scene.serve([](const Call& call) {
        return answer(call.id == "rejected" ? 400 : call.id == "failing" && call.attempt == 1 ? 503 : 204);
    });
    Daemon daemon(
        scene.table("  usual:\n"
                    "    from: {topics: [$name.in], group: $name, properties: {$short, "
                    "topic.metadata.refresh.interval.ms: \"1000\"}}\n"
                    "    delay: 0s\n"
                    "    to: {handler: {socket: " +
                    scene.socket() +
                    "}}\n"
                    "    retry: {topic: $name.again, backoff: 200ms}\n"
                    "    dead_letter: {topic: $name.grave}\n"));
    REQUIRE(scene.await_positions());
    scene.put("failing", 0);
    scene.put("rejected", 1);
    for (int i = 0; i < 9; ++i) {
        scene.put("r" + std::to_string(i), i % 3);
    }
    CHECK(scene.await_committed(2, 3, 10s));
    CHECK(daemon.await_line("missing.again", 5s));
    CHECK(daemon.await_line("missing.grave", 5s));
    CHECK(always(1s, [&] {
        return scene.admin.committed(scene.group(), scene.in(), 0) == 0 &&
               scene.admin.committed(scene.group(), scene.in(), 1) == 0;
    }));
    CHECK(scene.calls("failing").size() == 1);
    CHECK(scene.calls("rejected").size() == 1);

    scene.admin.create_topic("missing.again", 1);
    scene.admin.create_topic("missing.grave", 1);
    CHECK(scene.await_committed(0, 4, 10s));
    CHECK(scene.await_committed(1, 4, 10s));
    CHECK(scene.admin.log_end("missing.again", 0) == 1);
    CHECK(scene.admin.log_end("missing.grave", 0) == 1);
    // The client learns of the new topic with its next look at the metadata, after half a minute unless told otherwise.
    CHECK(eventually(10s, [&] { return scene.calls("failing").size() == 2; }));
    CHECK(scene.called() == 11);
    CHECK(scene.repeated() == 0);
}

TEST_CASE("a record that has grown too large by its headers loses the error, then goes to the dead letters") {
    HandlerScene scene(KafkaBroker::shared(), "grown");
    scene.admin.set_topic(scene.retry(), {{"max.message.bytes", "2000"}});
    scene.admin.set_topic(scene.dead(), {{"max.message.bytes", "4000"}});
    scene.serve([](const Call& call) {
        const int status = call.id == "stub" ? 400 : call.id == "good" || call.attempt > 1 ? 204 : 503;
        return answer(status, status == 204 ? "" : std::string(1000, 'e'));
    });
    const auto sized = [&](const std::string& id, std::size_t size) {
        const std::string value = id + "|" + std::string(size, 'x');
        scene.producer.deliver({.topic = scene.in(), .partition = 0, .key = id, .value = value});
        return value;
    };
    sized("less", 1000);  // fits the retry topic without the error
    const std::string whole = sized("dead", 1900);
    sized("stub", 3900);  // not even the dead-letter topic takes it whole
    sized("good", 10);
    Daemon daemon(scene.calling("", scene.retrying(5, "200ms")));
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    REQUIRE(dead.await_count(2, 20s));
    CHECK(eventually(10s, [&] { return scene.calls("less").size() == 2; }));
    CHECK(await_all_settled(scene, 4));
    CHECK(scene.retry_copies() == 1);
    for (const TestRecord& letter : dead.records()) {
        if (letter.key == "dead") {
            CHECK(letter.header("laterd-reason") == "too-large");
            CHECK((letter.value == whole));
        } else {
            CHECK(letter.key == "stub");
            CHECK_FALSE(letter.value.has_value());
            CHECK(letter.header("laterd-origin-offset") == "2");
            CHECK(count_header(letter, "laterd-error") == 0);
        }
        CHECK(letter.header("laterd-attempt") == "1");
    }
    CHECK(scene.call_count() == 5);
}

TEST_CASE("laterd's headers mean nothing on a source, and only what can be believed on the retry topic") {
    HandlerScene scene(KafkaBroker::shared(), "hostile");
    scene.serve([](const Call& call) { return answer(call.id.rfind("fail", 0) == 0 ? 503 : 204); });
    const std::string huge = "999999999999999999999999";
    const std::string far = std::to_string(wall_ms() + 86'400'000);
    const auto send = [&](const std::string& topic, const std::string& id,
                          const std::vector<Header>& headers) {
        scene.producer.send({.topic = topic, .partition = 0, .value = id, .headers = headers});
    };
    const std::vector<Header> lies = {
        {"laterd-due", far},          {"laterd-attempt", "4"},          {"laterd-first-attempt", "1"},
        {"laterd-origin-topic", "x"}, {"laterd-origin-partition", "7"}, {"laterd-origin-offset", "7"}};
    send(scene.in(), "source", lies);
    send(scene.in(), "fail-source", lies);
    send(scene.retry(), "bare", {});
    send(scene.retry(), "null", {{"laterd-due", std::nullopt}, {"laterd-attempt", std::nullopt}});
    send(scene.retry(), "negative", {{"laterd-due", "-1"}, {"laterd-attempt", "-5"}});
    send(scene.retry(), "text", {{"laterd-due", "soon"}, {"laterd-attempt", "many"}});
    send(scene.retry(), "huge", {{"laterd-due", huge}, {"laterd-attempt", "1"}});
    send(scene.retry(), "far", {{"laterd-due", far}, {"laterd-attempt", "1"}});
    send(scene.retry(), "twice",
         {{"laterd-attempt", "3"}, {"laterd-attempt", "1"}, {"laterd-due", far}, {"laterd-due", "0"}});
    send(scene.retry(), "fail-beyond", {{"laterd-attempt", huge}});
    scene.producer.flush();
    Daemon daemon(scene.calling("", scene.retrying(3, "{initial: 500ms, max: 500ms, jitter: 0}")));
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    REQUIRE(dead.await_count(2, 20s));
    CHECK(scene.await_called(10, 10s));
    CHECK(await_all_settled(scene, 2));

    CHECK(attempts(scene.calls("source")) == std::vector{1});
    CHECK(scene.calls("source").front().idempotency_key == place(scene.in(), 0));
    CHECK(scene.calls("source").front().request.all("Kafka-Header").size() == lies.size());
    CHECK(attempts(scene.calls("fail-source")) == std::vector{1, 2, 3});
    CHECK(scene.calls("fail-source").back().idempotency_key == place(scene.in(), 1));
    for (const char* id : {"bare", "null", "negative", "text"}) {
        CHECK(attempts(scene.calls(id)) == std::vector{1});
    }
    for (const char* id : {"huge", "far", "twice"}) {
        REQUIRE(attempts(scene.calls(id)) == std::vector{2});
        CHECK(scene.calls(id).front().request.all("Kafka-Header").empty());
    }
    CHECK(scene.calls("fail-beyond").size() == 1);
    CHECK(dead.records().size() == 2);
}

TEST_CASE("a regex of everything never reads the route's own topics") {
    HandlerScene scene(KafkaBroker::shared(), "regex");
    scene.serve([](const Call&) { return answer(503); });
    scene.put("r0");
    std::string table = scene.calling("", scene.retrying(2, "200ms"));
    const std::string topics = "[" + scene.in() + "]";
    table.replace(table.find(topics), topics.size(), "['^regex\\..*']");
    Daemon daemon(table);
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    REQUIRE(dead.await_count(1, 20s));
    CHECK(await_all_settled(scene, 1));
    CHECK(always(1s, [&] { return scene.call_count() == 2; }));
    CHECK(dead.records().front().header("laterd-attempt") == "2");
    CHECK_FALSE(scene.admin.committed(scene.group(), scene.dead(), 0).has_value());
}

TEST_CASE("a record that is retried leaves its sequence; Retry-After is obeyed; too old is too old") {
    HandlerScene scene(KafkaBroker::shared(), "leaves");
    scene.serve([](const Call& call) {
        return call.id == "first" ? answer(429, "busy", {{"Retry-After", call.attempt == 1 ? "1" : "30"}})
                                  : answer(204);
    });
    for (const char* id : {"first", "second", "third"}) {
        scene.put(id, 0, "the same key");
    }
    Daemon daemon(scene.calling("", "    retry: {topic: $name.retry, backoff: 100ms, max_age: 10s}\n"));
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    REQUIRE(dead.await_count(1, 20s));
    const std::vector<Call> calls = scene.calls();
    REQUIRE(calls.size() == 4);
    CHECK(calls[1].id == "second");
    CHECK(calls[2].id == "third");
    CHECK(calls[3].id == "first");
    CHECK(calls[3].arrived_ms - calls[0].arrived_ms >= 950);  // see HandlerScene::early
    CHECK(dead.records().front().header("laterd-reason") == "too-old");
    CHECK(await_all_settled(scene, 3));
}

}  // namespace laterd::kafka_test
