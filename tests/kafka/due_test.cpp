// Release in due order: a record goes when it is due, whatever lies before it, and what has settled does not come again.
// What waits in laps of a waiting topic is in laps_test.cpp.
#include <algorithm>
#include <chrono>
#include <random>

#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

// Wide enough for a busy machine; how late records really are is measured by the bench.
constexpr std::int64_t k_soon_ms = 3000;

// NAME.in to NAME.out, the due time in the header "at". `more` is inserted into the route, each line indented by four.
std::string route(const std::string& more = "") {
    return "  due:\n"
           "    from: {topics: [$name.in], group: $name, properties: {$short}}\n"
           "    due: {header: at, format: unix_ms}\n"
           "    to: {topic: $name.out, partition: same}\n"
           "    dead_letter: {topic: $name.dead}\n" +
           more;
}

void send(Scene& scene, const std::string& id, std::int64_t due, std::int32_t partition = 0,
          std::size_t padding = 0) {
    scene.account.expect(id, due, partition);
    scene.producer.send({.topic = scene.in(),
                         .partition = partition,
                         .key = id,
                         .value = id + "|" + std::string(padding, 'x'),
                         .headers = {{"at", std::to_string(due)}}});
}

// `count` records, round the partitions, due at random instants of [from, from + spread].
void send_random(Scene& scene, int count, std::int64_t from, std::chrono::milliseconds spread,
                 int partitions = 1, std::size_t padding = 0) {
    const auto seed = std::random_device{}();
    UNSCOPED_INFO("seed " << seed);
    std::mt19937 random(seed);
    std::uniform_int_distribution<std::int64_t> within(0, spread.count());
    for (int i = 0; i < count; ++i) {
        send(scene, "r" + std::to_string(i), from + within(random), i % partitions, padding);
    }
    scene.producer.flush();
}

std::int64_t quantile(std::vector<std::int64_t> values, double share) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

// From due to the time of release (the target's timestamp), of each record's first delivery.
std::vector<std::int64_t> lateness(const std::vector<TestRecord>& delivered) {
    std::vector<std::int64_t> late;
    for (const TestRecord& record : delivered) {
        late.push_back(record.timestamp - std::stoll(record.header("at").value_or("0")));
    }
    return late;
}

// Nothing lost, nothing early, nothing foreign, none dead; duplicates are the caller's to judge.
Account::Verdict check_all(Scene& scene, const Observer& observer) {
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.foreign == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
    return verdict;
}

}  // namespace

TEST_CASE("a record that is due soon passes those before it that are not") {
    Scene scene(KafkaBroker::shared(), "passing");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(route()));
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    send(scene, "in-an-hour", now + 3'600'000);
    send(scene, "third", now + 3000);
    send(scene, "second", now + 2000);
    send(scene, "first", now + 1000);
    send(scene, "overdue", now - 60'000);
    scene.producer.flush();
    REQUIRE(observer.await_distinct(4, 10s));
    std::vector<std::string> order;
    for (const TestRecord& record : observer.records()) {
        order.push_back(record.id());
    }
    CHECK(order == std::vector<std::string>{"overdue", "first", "second", "third"});
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.early == 0);
    CHECK(verdict.missing == 1);  // the one that waits for its hour
    // It is not settled, so nothing is committed beyond it.
    CHECK(always(500ms, [&] { return scene.admin.committed(scene.group(), scene.in(), 0) == 0; }));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("twenty thousand records of one partition, due at random instants, are each released in time") {
    Scene scene(KafkaBroker::shared(), "random");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(route()));
    REQUIRE(scene.await_positions());
    constexpr int k_records = 20'000;
    send_random(scene, k_records, wall_ms() + 3000, 10s);
    CHECK(observer.await_distinct(k_records, 30s));
    CHECK(check_all(scene, observer).duplicates == 0);
    const auto late = lateness(observer.records());
    CHECK(quantile(late, 0.5) < 100);
    CHECK(quantile(late, 0.99) < k_soon_ms);
    CHECK(scene.await_committed(0, k_records, 5s));
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("kill -9 among random due times delivers fewer than one in a hundred twice") {
    Scene scene(KafkaBroker::shared(), "duekill");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    // What settled in the commit interval before the kill comes twice: 133 of 20,000. A static member is back at once.
    Daemon daemon(scene.table(route(), "instance: one\n"));
    REQUIRE(scene.await_positions());
    constexpr int k_records = 20'000;
    send_random(scene, k_records, wall_ms() + 2000, 30s);
    REQUIRE(observer.await_distinct(k_records / 2, 40s));
    daemon.kill();
    daemon.start();
    CHECK(observer.await_distinct(k_records, 60s));
    CHECK(check_all(scene, observer).duplicates < k_records / 100);
    CHECK(scene.await_committed(0, k_records, 5s));
}

TEST_CASE("stopping and starting among random due times delivers nothing twice") {
    Scene scene(KafkaBroker::shared(), "duestop");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.table(route()));
    REQUIRE(scene.await_positions());
    constexpr int k_records = 10'000;
    send_random(scene, k_records, wall_ms() + 1500, 8s);
    for (int stop = 1; stop <= 3; ++stop) {
        REQUIRE(observer.await_distinct(static_cast<std::size_t>(stop * k_records / 4), 20s));
        CHECK(daemon.terminate(10s) == 0);
        CHECK(daemon.last_counters().at("routes").at("due").at("laterd_in_flight") == 0);
        daemon.start();
    }
    CHECK(observer.await_distinct(k_records, 30s));
    CHECK(check_all(scene, observer).duplicates == 0);
    CHECK(scene.await_committed(0, k_records, 5s));
}

TEST_CASE("daemons that join and leave among random due times hand over what has settled") {
    Scene scene(KafkaBroker::shared(), "duejoin", 4);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::string table = scene.table(route());
    Daemon first(table);
    REQUIRE(scene.await_positions());
    constexpr int k_records = 12'000;
    send_random(scene, k_records, wall_ms() + 1500, 12s, 4);
    REQUIRE(observer.await_distinct(k_records / 6, 20s));
    Daemon second(table);
    CHECK(scene.await_members(2, 20s));
    REQUIRE(observer.await_distinct(k_records / 2, 20s));
    CHECK(first.terminate(10s) == 0);
    CHECK(observer.await_distinct(k_records, 30s));
    // A session that a living daemon lost, because the machine was too busy for its heartbeats, may cost what settled in the
    // commit interval before.
    constexpr std::size_t k_between_commits = 400;
    const std::size_t lost = first.count_lines("partitions lost") + second.count_lines("partitions lost");
    CHECK(check_all(scene, observer).duplicates <= lost * k_between_commits);
    for (int partition = 0; partition < 4; ++partition) {
        CHECK(scene.await_committed(partition, k_records / 4, 10s));
    }
}

TEST_CASE("a due time that its partition's note cannot know of is still never lost") {
    // Another due rule: what the note says of the old one means nothing, and all that is unsettled comes, some of it twice.
    Scene scene(KafkaBroker::shared(), "duerule");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    constexpr int k_records = 400;
    {
        Daemon daemon(scene.table(route()));
        REQUIRE(scene.await_positions());
        send_random(scene, k_records, wall_ms(), 4s);
        REQUIRE(observer.await_distinct(k_records / 2, 20s));
        CHECK(daemon.terminate(10s) == 0);
    }
    std::string other = route();
    other.replace(other.find("format: unix_ms"), 15, "format: unix_ms, max: 20d");
    Daemon daemon(scene.table(other));
    CHECK(observer.await_distinct(k_records, 20s));
    check_all(scene, observer);
    CHECK(scene.await_committed(0, k_records, 5s));
}

TEST_CASE("a full hold stops reading, says so, and goes on as soon as something held is due") {
    constexpr std::int64_t k_mib_in_kib = 1024;
    Scene scene(KafkaBroker::shared(), "duefull");
    Observer observer(scene.broker.bootstrap(), {scene.out()}, {{"queued.min.messages", "1000"}});
    Daemon daemon(scene.table(route(), "limits: {memory: 32MiB}\n"));
    REQUIRE(scene.await_positions());
    const std::int64_t floor = daemon.rss_kib();
    // 50 MB that wait, where 12 MiB may be held.
    constexpr int k_records = 10'000;
    send_random(scene, k_records, wall_ms() + 8000, 2s, 1, 5000);
    CHECK(daemon.await_line("hold full", 8s));
    CHECK(eventually(3s, [&] {
        const auto full = daemon.counters("due");
        return full.is_object() && full.at("laterd_held_records") > 0 &&
               full.at("laterd_held_records") < k_records;
    }));
    CHECK(observer.await_distinct(k_records, 60s));
    CHECK(check_all(scene, observer).duplicates == 0);
    CHECK(daemon.peak_rss_kib() < floor + (32 + 48) * k_mib_in_kib);
    CHECK(scene.await_committed(0, k_records, 5s));
    CHECK(eventually(5s, [&] {
        const auto counters = daemon.counters("due");
        return counters.is_object() && counters.at("laterd_held_bytes") == 0 &&
               counters.at("laterd_hold_full_seconds_total") > 0.5;
    }));
    CHECK(daemon.terminate() == 0);
}

}  // namespace laterd::kafka_test
