// Records that are far away go round in the laps of a waiting topic: partition p keeps a record for 2^p minutes.
#include <algorithm>
#include <random>
#include <set>

#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

constexpr std::int64_t k_minute_ms = 60'000;
constexpr std::int64_t k_soon_ms = 3000;

std::string wait_topic(const Scene& scene) {
    return scene.group() + ".wait";
}

std::string table(const Scene& scene) {
    return scene.table(
        "  far:\n"
        "    from: {topics: [$name.in], group: $name}\n"
        "    due: {header: at, format: unix_ms}\n"
        "    wait: {topic: $name.wait}\n"
        "    to: {topic: $name.out, partition: same}\n"
        "    dead_letter: {topic: $name.dead}\n");
}

void send(Scene& scene, const std::string& id, std::int64_t due) {
    scene.account.expect(id, due);
    scene.producer.send({.topic = scene.in(),
                         .partition = 0,
                         .key = id,
                         .value = id + "|",
                         .headers = {{"at", std::to_string(due)}, {"own", std::nullopt}}});
}

// What is far away is judged in steps of ten seconds: from the next full one after two minutes on.
std::int64_t surely_far(std::int64_t now) {
    constexpr std::int64_t k_slack_ms = 20'000;
    return (now + 2 * k_minute_ms + k_slack_ms + k_minute_ms - 1) / k_minute_ms * k_minute_ms;
}

std::int64_t number(const TestRecord& record, const std::string& header) {
    return std::stoll(record.header(header).value_or("-1"));
}

// What a copy in the waiting topic has to say, and that it lies in the largest lap that ends in time.
void check_copy(const TestRecord& copy, const Scene& scene, int partitions) {
    INFO("copy of " << copy.id() << " in partition " << copy.partition);
    const std::int64_t due = number(copy, "at");
    CHECK(number(copy, "laterd-due") == due);
    CHECK(copy.key == copy.id());
    CHECK(copy.header("laterd-route") == "far");
    CHECK(copy.header("laterd-origin-topic") == scene.in());
    CHECK(copy.header("laterd-origin-partition") == "0");
    CHECK(number(copy, "laterd-origin-offset") >= 0);
    CHECK(number(copy, "laterd-origin-timestamp") > 0);
    const auto own = std::find_if(copy.headers.begin(), copy.headers.end(),
                                  [](const auto& header) { return header.name == "own"; });
    REQUIRE(own != copy.headers.end());
    CHECK(own->value == std::nullopt);
    const auto lap_end = copy.timestamp + (k_minute_ms << copy.partition);
    constexpr std::int64_t k_margin_ms = 10'000;
    constexpr std::int64_t k_between_ms = 2000;  // from the choice of the lap to the copy's timestamp
    CHECK(lap_end <= due - k_margin_ms + k_between_ms);
    if (copy.partition + 1 < partitions) {
        CHECK(lap_end + (k_minute_ms << copy.partition) > due - k_margin_ms);
    }
}

void check_all(Scene& scene, const Observer& observer) {
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.foreign == 0);
    CHECK(scene.admin.log_end(scene.dead(), 0) == 0);
}

}  // namespace

TEST_CASE("records some minutes away go round and come back in time, over a restart in mid-lap") {
    Scene scene(KafkaBroker::shared(), "round");
    scene.admin.create_topic(wait_topic(scene), 3);
    Observer copies(scene.broker.bootstrap(), {wait_topic(scene)});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(table(scene));
    REQUIRE(scene.await_positions());
    constexpr int k_records = 3000;
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::uniform_int_distribution<std::int64_t> within(0, 10'000);
    const std::int64_t now = wall_ms();
    const std::int64_t from = surely_far(now);
    for (int i = 0; i < k_records; ++i) {
        send(scene, "r" + std::to_string(i), from + within(random));
    }
    scene.producer.flush();

    // Settled at once, all of them: the source is done with, the waiting topic has them.
    REQUIRE(copies.await_distinct(k_records, 15s));
    CHECK(scene.await_committed(0, k_records, 5s));
    std::set<std::int32_t> laps;
    std::set<std::int64_t> origins;
    for (const TestRecord& copy : copies.records()) {
        check_copy(copy, scene, 3);
        laps.insert(copy.partition);
        origins.insert(number(copy, "laterd-origin-offset"));
    }
    CHECK(laps == std::set<std::int32_t>{1});
    CHECK(origins.size() == k_records);
    CHECK(*origins.rbegin() == k_records - 1);
    // Nothing is held for them meanwhile but what a cold partition may keep.
    CHECK(eventually(10s, [&] {
        const auto counters = daemon.counters("far");
        return counters.is_object() && counters.at("laterd_partitions").at("cold") == 1;
    }));
    CHECK(copies.count() == k_records);

    REQUIRE(eventually(60s, [&] { return wall_ms() > now + 40'000; }));
    CHECK(daemon.terminate(10s) == 0);
    daemon.start();
    REQUIRE(observer.await_distinct(k_records, 240s));
    check_all(scene, observer);
    std::vector<std::int64_t> late;
    for (const TestRecord& record : observer.records()) {
        late.push_back(record.timestamp - number(record, "at"));
        // Delivered without laterd's own headers.
        CHECK(record.headers.size() == 2);
    }
    std::sort(late.begin(), late.end());
    CHECK(late[late.size() / 2] < 100);
    CHECK(late[late.size() * 99 / 100] < k_soon_ms);
    // One lap each was enough, and the waiting topic is done with too.
    CHECK(copies.count() == k_records);
    for (const std::int32_t lap : laps) {
        CHECK(eventually(5s, [&] {
            return scene.admin.committed(scene.group(), wait_topic(scene), lap) ==
                   scene.admin.log_end(wait_topic(scene), lap);
        }));
    }
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a lap that ends while its record is still far away is followed by another") {
    Scene scene(KafkaBroker::shared(), "hop");
    scene.admin.create_topic(wait_topic(scene), 2);
    Observer copies(scene.broker.bootstrap(), {wait_topic(scene)});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    // Copies as the route would have written them a minute ago: one that has far to go, one that is due at its lap's end.
    const std::int64_t now = wall_ms();
    const auto copy = [&](const std::string& id, std::int64_t due, std::int64_t offset) {
        scene.account.expect(id, due);
        scene.producer.send({.topic = wait_topic(scene),
                             .partition = 0,
                             .key = id,
                             .value = id + "|",
                             .headers = {{"at", std::to_string(due)},
                                         {"own", std::nullopt},
                                         {"laterd-due", std::to_string(due)},
                                         {"laterd-route", "far"},
                                         {"laterd-origin-topic", scene.in()},
                                         {"laterd-origin-partition", "0"},
                                         {"laterd-origin-offset", std::to_string(offset)},
                                         {"laterd-origin-timestamp", std::to_string(now - 61'000)}},
                             .timestamp = now - 57'000});
    };
    copy("far", now + 250'000, 7);
    copy("near", now + 8000, 8);
    scene.producer.flush();
    Daemon daemon(table(scene));
    REQUIRE(copies.await_count(3, 20s));
    const TestRecord hop = copies.records().back();
    CHECK(hop.id() == "far");
    CHECK(hop.partition == 1);
    CHECK(hop.timestamp >= now);  // the time of copying
    check_copy(hop, scene, 2);
    CHECK(hop.header("laterd-origin-offset") == "7");
    CHECK(number(hop, "laterd-origin-timestamp") == now - 61'000);
    CHECK(hop.headers.size() == copies.records().front().headers.size());
    REQUIRE(observer.await_distinct(1, 15s));
    CHECK(observer.records().front().id() == "near");
    CHECK(scene.await_committed(0, 0, 5s));
    CHECK(eventually(5s, [&] { return scene.admin.committed(scene.group(), wait_topic(scene), 0) == 2; }));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.early == 0);
    CHECK(verdict.missing == 1);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a waiting topic that is missing is said, and taken as soon as it is there") {
    Scene scene(KafkaBroker::shared(), "nowait");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(table(scene));
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    send(scene, "far", now + 3'600'000);
    send(scene, "near", now + 1500);
    scene.producer.flush();
    // The record that needs no lap is none the worse, and the other one is not settled.
    CHECK(observer.await_distinct(1, 10s));
    CHECK(eventually(10s, [&] { return daemon.count_lines(wait_topic(scene)) > 0; }));
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == 0);
    scene.admin.create_topic(wait_topic(scene), 12);
    Observer copies(scene.broker.bootstrap(), {wait_topic(scene)});
    REQUIRE(copies.await_count(1, 60s));
    CHECK(copies.records().front().id() == "far");
    CHECK(copies.records().front().partition == 5);  // 32 minutes
    check_copy(copies.records().front(), scene, 12);
    CHECK(scene.await_committed(0, 2, 10s));
    CHECK(scene.account.judge(observer.records()).early == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("copies that retention deleted in mid-lap are counted as lost and said") {
    Scene scene(KafkaBroker::shared(), "deletedlap");
    scene.admin.create_topic(wait_topic(scene), 1);
    Observer copies(scene.broker.bootstrap(), {wait_topic(scene)});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(table(scene));
    REQUIRE(scene.await_positions());
    const std::int64_t now = wall_ms();
    constexpr int k_records = 50;
    for (int i = 0; i < k_records; ++i) {
        send(scene, "r" + std::to_string(i), surely_far(now));
    }
    scene.producer.flush();
    REQUIRE(copies.await_count(k_records, 15s));
    CHECK(scene.await_committed(0, k_records, 5s));
    CHECK(daemon.terminate(10s) == 0);
    scene.admin.delete_records(wait_topic(scene), 0, k_records - 10);
    daemon.start();
    CHECK(eventually(20s, [&] {
        const auto counters = daemon.counters("far");
        return counters.is_object() && counters.at("laterd_records_lost_total") == k_records - 10;
    }));
    CHECK(daemon.count_lines("records lost") > 0);
    CHECK(daemon.terminate() == 0);
}

}  // namespace laterd::kafka_test
