// Order within a partition, independence of partitions, and bytes that pass through untouched.
#include <set>

#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

TEST_CASE("a record far away in one partition delays no other partition") {
    Scene scene(KafkaBroker::shared(), "farway", 3);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    due: {header: in, format: delay, missing: now}
    order: partition
    to: {topic: $name.out, partition: same}
    dead_letter: {topic: $name.dead}
)"));
    REQUIRE(scene.await_positions());
    scene.producer.send({.topic = scene.in(), .partition = 1, .value = "far", .headers = {{"in", "1h"}}});
    scene.producer.send({.topic = scene.in(), .partition = 1, .value = "behind", .headers = {{"in", "1s"}}});
    for (int i = 0; i < 200; ++i) {
        const std::int64_t now = wall_ms();
        const std::string id = "r" + std::to_string(i);
        scene.account.expect(id, now + 500, i % 2 * 2);
        scene.producer.send({.topic = scene.in(),
                             .partition = i % 2 * 2,
                             .value = id,
                             .headers = {{"in", "500ms"}},
                             .timestamp = now});
    }
    scene.producer.flush();
    CHECK(observer.await_distinct(200, 15s));
    // The record behind the far one waits for it: that is what `order: partition` means.
    CHECK(always(1s, [&] { return observer.distinct() == 200; }));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.foreign == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(scene.await_committed(1, 0, 2s));
    CHECK(scene.await_committed(0, 100, 5s));
}

TEST_CASE("order within a partition holds through a burst of unequal due times") {
    Scene scene(KafkaBroker::shared(), "ordered", 4);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::int64_t now = wall_ms();
    // Timestamps go back and forth: a record waits for the latest due time before it.
    for (int i = 0; i < 8000; ++i) {
        scene.produce("r" + std::to_string(i), 2s, i % 4, now - (i * 7919) % 3000);
    }
    scene.producer.flush();
    Daemon daemon(scene.usual("2s"));
    CHECK(observer.await_distinct(8000, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.out_of_order == 0);
}

namespace {

std::vector<support::Header> thousand_headers() {
    std::vector<support::Header> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back({"h" + std::to_string(i % 300), "value " + std::to_string(i)});
    }
    return all;
}

std::vector<TestRecord> corpus() {
    const std::string binary("\x00\xff\xfe\x80\n\r\"'{}", 10);
    return {
        {.key = "key", .value = "plain"},
        {.key = std::nullopt, .value = "null key"},
        {.key = "", .value = "empty key"},
        {.key = "tombstone", .value = std::nullopt},
        {.key = "empty value", .value = ""},
        {.key = std::nullopt, .value = std::nullopt},
        {.key = binary, .value = binary},
        {.key = "k", .value = "\xc3\x28\xf0\x28\x8c\x28"},
        {.key = "k",
         .value = "headers",
         .headers = {{"a", "1"}, {"b", std::nullopt}, {"a", "2"}, {"c", ""}, {"a", binary}}},
        // A replayed dead letter: on a source, laterd's own headers mean nothing and pass through like any others.
        {.key = "k",
         .value = "replayed",
         .headers = {{"laterd-due", "99999999999999"},
                     {"laterd-attempt", "7"},
                     {"laterd-reason", "http-500"}}},
        {.key = "k", .value = "names", .headers = {{"sch\xc3\xb6n", "x"}, {"with space", "y"}, {"", "z"}}},
        {.key = "k", .value = "thousand headers", .headers = thousand_headers()},
        {.key = "k", .value = std::string(1'000'000, 'M')},
        {.key = std::string(100'000, 'K'), .value = "long key"},
    };
}

void check_same(const std::vector<TestRecord>& sent, const std::vector<TestRecord>& seen) {
    REQUIRE(seen.size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        INFO("record " << i << " of the corpus");
        // Not CHECK(a == b) on the bytes themselves: a failure would print a megabyte.
        CHECK(seen[i].key.has_value() == sent[i].key.has_value());
        CHECK((seen[i].key == sent[i].key));
        CHECK(seen[i].value.has_value() == sent[i].value.has_value());
        CHECK((seen[i].value == sent[i].value));
        CHECK(seen[i].headers.size() == sent[i].headers.size());
        CHECK((seen[i].headers == sent[i].headers));
    }
}

}  // namespace

TEST_CASE("keys, values and headers pass through byte for byte") {
    Scene scene(KafkaBroker::shared(), "bytes");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    std::vector<TestRecord> sent = corpus();
    const std::int64_t now = wall_ms() - 1000;
    for (TestRecord& record : sent) {
        record.topic = scene.in();
        record.partition = 0;
        record.timestamp = now;
        scene.producer.send(record);
    }
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 1s
    to: {topic: $name.out, timestamp: original}
)"));
    CHECK(observer.await_count(sent.size(), 20s));
    const std::vector<TestRecord> seen = observer.records();
    check_same(sent, seen);
    for (const TestRecord& record : seen) {
        CHECK(record.timestamp == now);
    }
    CHECK(scene.await_committed(0, static_cast<std::int64_t>(sent.size()), 5s));
}

TEST_CASE("a dead letter keeps key, value and headers and only adds laterd's own") {
    Scene scene(KafkaBroker::shared(), "deadbytes");
    scene.admin.set_topic(scene.dead(), {{"max.message.bytes", "5000000"}});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    std::vector<TestRecord> sent = corpus();
    for (TestRecord& record : sent) {
        record.topic = scene.in();
        record.partition = 0;
        scene.producer.send(record);
    }
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    due: {header: never-there, format: unix_ms}
    order: partition
    to: {topic: $name.out}
    dead_letter: {topic: $name.dead}
)"));
    CHECK(dead.await_count(sent.size(), 20s));
    std::vector<TestRecord> letters = dead.records();
    for (TestRecord& letter : letters) {
        CHECK(letter.header("laterd-reason") == "due-missing");
        CHECK(letter.header("laterd-route") == "r");
        std::vector<support::Header> own;
        for (const support::Header& header : letter.headers) {
            if (header.name.rfind("laterd-", 0) != 0) {
                own.push_back(header);
            }
        }
        letter.headers = own;
    }
    for (TestRecord& record : sent) {
        // laterd owns these: it replaces, never appends.
        if (record.value == "replayed") {
            record.headers.clear();
        }
    }
    check_same(sent, letters);
}

TEST_CASE("a header of laterd's own on a replayed dead letter is replaced, not repeated") {
    Scene scene(KafkaBroker::shared(), "replayed");
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    const std::int64_t offset = scene.producer.deliver(
        {.topic = scene.in(),
         .partition = 0,
         .value = "v",
         .headers = {{"laterd-reason", "http-500"}, {"laterd-origin-offset", "12345"}}});
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    due: {header: never-there, format: unix_ms}
    order: partition
    to: {topic: $name.out}
    dead_letter: {topic: $name.dead}
)"));
    REQUIRE(dead.await_count(1, 15s));
    const TestRecord letter = dead.records().front();
    CHECK(letter.header("laterd-origin-offset") == std::to_string(offset));
    std::multiset<std::string> names;
    for (const support::Header& header : letter.headers) {
        names.insert(header.name);
    }
    CHECK(names.count("laterd-reason") == 1);
    CHECK(names.count("laterd-origin-offset") == 1);
}

TEST_CASE("the key chooses the partition that Java clients would choose") {
    Scene scene(KafkaBroker::shared(), "keyed", 7);
    // The test's producer is set to the same rule; what it chooses in the source is the reference.
    Observer source(scene.broker.bootstrap(), {scene.in()});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    for (int i = 0; i < 100; ++i) {
        scene.producer.send(
            {.topic = scene.in(), .key = "key-" + std::to_string(i * i), .value = std::to_string(i)});
    }
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 100ms
    to: {topic: $name.out}
)"));
    REQUIRE(observer.await_distinct(100, 15s));
    REQUIRE(source.await_distinct(100, 10s));
    std::map<std::string, std::int32_t> expected;
    std::set<std::int32_t> used;
    for (const TestRecord& record : source.records()) {
        expected[record.id()] = record.partition;
        used.insert(record.partition);
    }
    CHECK(used.size() == 7);
    for (const TestRecord& record : observer.records()) {
        CHECK(record.partition == expected[record.id()]);
    }
}

TEST_CASE("of a transactional source only what was committed is delivered, and the lag still reaches zero") {
    Scene scene(KafkaBroker::shared(), "txn");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    TestProducer transactional(scene.broker.bootstrap(), {{"transactional.id", "txn"}});
    const auto send = [&](const std::string& id, int count) {
        for (int i = 0; i < count; ++i) {
            transactional.send({.topic = scene.in(), .partition = 0, .value = id + std::to_string(i)});
        }
        transactional.flush();
    };
    transactional.begin();
    send("first-", 50);
    transactional.commit();
    transactional.begin();
    send("aborted-", 50);
    transactional.abort();
    transactional.begin();
    send("second-", 50);
    transactional.commit();
    transactional.begin();
    send("aborted-too-", 50);
    transactional.abort();

    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    delay: 500ms
    to: {topic: $name.out}
)"));
    CHECK(observer.await_count(100, 20s));
    CHECK(always(500ms, [&] { return observer.count() == 100; }));
    for (const TestRecord& record : observer.records()) {
        CHECK(record.id().rfind("aborted", 0) != 0);
    }
    // The end of the log is an abort marker behind aborted records; both are committed past.
    CHECK(scene.await_committed(0, scene.admin.log_end(scene.in(), 0), 10s));
}

}  // namespace laterd::kafka_test
