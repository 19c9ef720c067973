// When records are released: never early, on time, whatever the clock of the producer or the time zone.
#include "kafka/scene.h"
#include "support/catch.hpp"

namespace laterd::kafka_test {

namespace {

// Wide enough for a busy machine; how late records really are is measured by the bench.
constexpr std::int64_t k_soon_ms = 3000;

}  // namespace

TEST_CASE("a record arrives when its delay is over and never before") {
    Scene scene(KafkaBroker::shared(), "ontime", 3);
    const std::int64_t now = wall_ms();
    for (int i = 0; i < 300; ++i) {
        scene.produce("r" + std::to_string(i), 2s, i % 3, now - 1500 + i * 10);
    }
    scene.producer.flush();
    Observer observer(scene.broker.bootstrap(), {scene.out()});

    // A zone far from UTC must not matter: due times are instants.
    Daemon daemon({.table = scene.usual("2s"), .environment = {{"TZ", "Asia/Kathmandu"}}});
    CHECK(observer.await_distinct(300, 20s));

    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
    CHECK(verdict.foreign == 0);
    CHECK(daemon.terminate() == 0);
}

TEST_CASE("a backlog older than the delay comes out at once") {
    Scene scene(KafkaBroker::shared(), "backlog");
    const std::int64_t hour_ago = wall_ms() - 3'600'000;
    for (int i = 0; i < 20'000; ++i) {
        scene.produce("r" + std::to_string(i), 5min, 0, hour_ago + i);
    }
    scene.producer.flush();
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("5m"));
    CHECK(observer.await_distinct(20'000, 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.missing == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(verdict.out_of_order == 0);
}

TEST_CASE("once the daemon runs, a record is released within moments of its due time") {
    Scene scene(KafkaBroker::shared(), "moments", 2);
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("1500ms"));
    REQUIRE(scene.await_positions());
    for (int i = 0; i < 40; ++i) {
        scene.produce("r" + std::to_string(i), 1500ms, i % 2, wall_ms() - 300 + i * 20);
    }
    scene.producer.flush();
    CHECK(observer.await_distinct(40, 15s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    CHECK(verdict.early == 0);
    CHECK(verdict.latest_ms < k_soon_ms);
}

TEST_CASE("a timestamp in the future waits for itself and the delay") {
    Scene scene(KafkaBroker::shared(), "future");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    scene.produce("ahead", 500ms, 0, wall_ms() + 2000);
    scene.producer.flush();
    Daemon daemon(scene.usual("500ms"));
    CHECK(observer.await_distinct(1, 15s));
    CHECK(scene.account.judge(observer.records()).early == 0);
}

TEST_CASE("a record further away than the maximum is dead-lettered, whole and with the reason") {
    Scene scene(KafkaBroker::shared(), "toofar");
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    const std::int64_t far = wall_ms() + 600'000;
    const std::int64_t offset = scene.producer.deliver({.topic = scene.in(),
                                                        .partition = 0,
                                                        .key = "k",
                                                        .value = "far",
                                                        .headers = {{"mine", "1"}},
                                                        .timestamp = far});
    scene.produce("near", 1s);
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    due: {delay: 1s, max: 30s}
    to: {topic: $name.out}
    dead_letter: {topic: $name.dead}
)"));
    REQUIRE(dead.await_count(1, 15s));
    const TestRecord letter = dead.records().front();
    CHECK(letter.key == "k");
    CHECK(letter.value == "far");
    CHECK(letter.header("mine") == "1");
    CHECK(letter.header("laterd-reason") == "due-too-far");
    CHECK(letter.header("laterd-route") == "r");
    CHECK(letter.header("laterd-attempt") == "0");
    CHECK(letter.header("laterd-origin-topic") == scene.in());
    CHECK(letter.header("laterd-origin-partition") == "0");
    CHECK(letter.header("laterd-origin-offset") == std::to_string(offset));
    CHECK(letter.header("laterd-origin-timestamp") == std::to_string(far));
    CHECK_FALSE(letter.header("laterd-first-attempt").has_value());
    // The copy carries the time of copying, or retention and the broker's limits would judge it by the wrong one.
    CHECK(letter.timestamp <= wall_ms());
    // The record behind it is not held up.
    CHECK(observer.await_distinct(1, 15s));
    // The letter is seen before its acknowledgement has come back.
    CHECK(eventually(10s, [&] {
        const auto counters = daemon.counters("r");
        return counters.is_object() && counters.at("laterd_dead_letters_total").value("due-too-far", 0) == 1;
    }));
}

TEST_CASE("on a topic with append time, the broker's time of writing counts") {
    Scene scene(KafkaBroker::shared(), "append");
    scene.admin.set_topic(scene.in(), {{"message.timestamp.type", "LogAppendTime"}});
    Observer source(scene.broker.bootstrap(), {scene.in()});
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual("1500ms"));
    REQUIRE(scene.await_positions());
    // The producer's own time is an hour ago: by that one the record would be long due.
    scene.producer.deliver(
        {.topic = scene.in(), .partition = 0, .value = "r", .timestamp = wall_ms() - 3'600'000});
    REQUIRE(source.await_count(1, 10s));
    REQUIRE(source.records().front().is_log_append_time);
    REQUIRE(observer.await_count(1, 15s));
    const std::int64_t due = source.records().front().timestamp + 1500;
    CHECK(observer.records().front().timestamp >= due);
    CHECK(observer.records().front().arrived_ms >= due);
}

namespace {

// A time on the wire of `size` bytes, most significant first.
std::string big_endian(std::uint64_t number, int size) {
    std::string bytes;
    for (int i = size - 1; i >= 0; --i) {
        bytes.push_back(static_cast<char>((number >> (8 * i)) & 0xff));
    }
    return bytes;
}

std::string rfc3339(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[40];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::string fraction = std::to_string(1000 + unix_ms % 1000).substr(1);
    return std::string(text) + "." + fraction + "Z";
}

struct Format {
    std::string name;
    std::string value;
    std::int64_t due_ms;
};

}  // namespace

TEST_CASE("a header gives the due time in every format") {
    KafkaBroker& broker = KafkaBroker::shared();
    Scene scene(broker, "formats");
    const std::int64_t now = wall_ms();
    const std::int64_t due = now + 4000;
    const std::int64_t due_s = (due + 999) / 1000;
    const std::vector<Format> formats = {
        {"unix_ms", std::to_string(due), due},
        {"unix_s", std::to_string(due_s), due_s * 1000},
        {"rfc3339", rfc3339(due), due},
        {"delay_ms", "4000", due},
        {"delay", "PT4S", due},
        {"be_s", big_endian(static_cast<std::uint64_t>(due_s), 4), due_s * 1000},
        {"be_ms", big_endian(static_cast<std::uint64_t>(due), 8), due},
    };
    std::string routes;
    for (const Format& format : formats) {
        scene.admin.create_topic("formats." + format.name, 1);
        std::string route = R"(
  $format:
    from: {topics: [formats.$format], group: formats-$format}
    due: {header: at, format: $format}
    order: partition
    to: {topic: $name.out, partition: key}
    dead_letter: {topic: $name.dead}
)";
        for (std::size_t at = route.find("$format"); at != std::string::npos; at = route.find("$format")) {
            route.replace(at, 7, format.name);
        }
        routes += route;
        scene.producer.send({.topic = "formats." + format.name,
                             .partition = 0,
                             .value = format.name,
                             .headers = {{"at", "rubbish"}, {"at", format.value}},
                             .timestamp = now});
        scene.account.expect(format.name, format.due_ms);
    }
    scene.producer.flush();
    Observer observer(broker.bootstrap(), {scene.out()});
    Observer dead(broker.bootstrap(), {scene.dead()});
    Daemon daemon(scene.table(routes));
    CHECK(observer.await_distinct(formats.size(), 20s));
    const Account::Verdict verdict = scene.account.judge(observer.records());
    INFO("example: " << verdict.example);
    CHECK(verdict.missing == 0);
    CHECK(verdict.early == 0);
    CHECK(verdict.duplicates == 0);
    CHECK(dead.count() == 0);
}

TEST_CASE("missing and invalid header times go where the route says") {
    Scene scene(KafkaBroker::shared(), "invalid");
    Observer observer(scene.broker.bootstrap(), {scene.out()});
    Observer dead(scene.broker.bootstrap(), {scene.dead()});
    const std::int64_t now = wall_ms();
    scene.account.expect("missing", now + 1500);
    scene.producer.send({.topic = scene.in(), .partition = 0, .value = "missing", .timestamp = now});
    scene.producer.send(
        {.topic = scene.in(), .partition = 0, .value = "invalid", .headers = {{"at", "soon"}}});
    scene.producer.send(
        {.topic = scene.in(), .partition = 0, .value = "null", .headers = {{"at", std::nullopt}}});
    scene.producer.send(
        {.topic = scene.in(), .partition = 0, .value = "far", .headers = {{"at", "99999999999999999999"}}});
    scene.producer.flush();
    Daemon daemon(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name, properties: {$short}}
    due: {header: at, format: unix_ms, missing: 1500ms, invalid: dead_letter, max: 1h}
    order: partition
    to: {topic: $name.out}
    dead_letter: {topic: $name.dead}
)"));
    CHECK(observer.await_count(1, 15s));
    REQUIRE(dead.await_count(3, 15s));
    CHECK(scene.account.judge(observer.records()).early == 0);
    CHECK(scene.account.judge(observer.records()).missing == 0);
    std::map<std::string, std::string> reasons;
    for (const TestRecord& letter : dead.records()) {
        reasons[letter.id()] = letter.header("laterd-reason").value_or("none");
    }
    CHECK(reasons["invalid"] == "due-invalid");
    CHECK(reasons["null"] == "due-invalid");
    CHECK(reasons["far"] == "due-too-far");
    CHECK(scene.await_committed(0, 4, 5s));
}

}  // namespace laterd::kafka_test
