// `laterd check --connect` against a real cluster: what it says of topics, by name and behind a regex.
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "kafka/scene.h"
#include "support/catch.hpp"
#include "support/child_process.h"
#include "support/temp_folder.h"

namespace laterd::kafka_test {

using Catch::Contains;

namespace {

struct Answer {
    std::optional<int> code;
    std::string text;  // one finding a line
};

Answer check(const std::string& table) {
    const support::TempFolder folder("check");
    std::ofstream(folder.path() / "t.yaml") << table;
    support::ChildProcess process(
        {.arguments = {std::getenv("LATERD_BINARY"), "check", "--connect", "-c", "t.yaml"},
         .folder = folder.path(),
         .output = folder.path() / "findings"});
    Answer answer{.code = process.wait(30s)};
    std::ostringstream text;
    text << std::ifstream(folder.path() / "findings").rdbuf();
    answer.text = text.str();
    return answer;
}

}  // namespace

TEST_CASE("check --connect says which topics are missing and whose retention is too short") {
    Scene scene(KafkaBroker::shared(), "named");
    scene.admin.set_topic(scene.in(), {{"retention.ms", "60000"}});
    const Answer answer = check(scene.table(R"(
  r:
    from: {topics: [$name.in, $name.none], group: $name}
    delay: 5m
    to: {topic: $name.out, partition: same}
)"));
    INFO(answer.text);
    CHECK(answer.code == 78);
    CHECK_THAT(answer.text, Contains("routes.r.from.topics[0]: Kafka deletes records after"));
    CHECK_THAT(answer.text, Contains("routes.r.from.topics[1]: topic \"named.none\" does not exist"));
    CHECK(scene.admin.committed(scene.group(), scene.in(), 0) == std::nullopt);
}

TEST_CASE("check --connect says which topics take smaller records than the source") {
    Scene scene(KafkaBroker::shared(), "smaller");
    scene.admin.create_topic(scene.group() + ".retry", 1, {{"max.message.bytes", "500000"}});
    scene.admin.create_topic(scene.group() + ".wait", 12, {{"max.message.bytes", "600000"}});
    scene.admin.set_topic(scene.dead(), {{"max.message.bytes", "400000"}});
    scene.admin.set_topic(scene.out(), {{"max.message.bytes", "300000"}});
    const Answer answer = check(scene.table(R"(
  r:
    from: {topics: [$name.in], group: $name}
    due: {header: at, format: unix_ms}
    wait: {topic: $name.wait}
    to: {topic: $name.out}
    retry: {topic: $name.retry, attempts: 3, backoff: 200ms}
    dead_letter: {topic: $name.dead}
)"));
    INFO(answer.text);
    CHECK(answer.code == 0);
    CHECK_THAT(answer.text, Contains("routes.r.to.topic: warning: the target takes records up to 300000"));
    CHECK_THAT(answer.text,
               Contains("routes.r.retry.topic: warning: the retry topic takes records up to 500000"));
    CHECK_THAT(answer.text,
               Contains("routes.r.wait.topic: warning: the waiting topic takes records up to 600000"));
    CHECK_THAT(
        answer.text,
        Contains("routes.r.dead_letter.topic: warning: the dead-letter topic takes records up to 400000"));
}

TEST_CASE("check --connect looks at every topic that a regex matches, and at no other") {
    Scene scene(KafkaBroker::shared(), "wild", 2);
    for (const char* topic : {"wild.shop.eu", "wild.shop.us", "wild.shop.out", "wild.shop.eu2"}) {
        scene.admin.create_topic(topic, 2);
    }
    scene.admin.create_topic("wild.shop.as", 3);
    scene.admin.set_topic("wild.shop.us", {{"retention.ms", "60000"}});
    // Not matched whole; written by the route.
    scene.admin.set_topic("wild.shop.eu2", {{"retention.ms", "60000"}});
    scene.admin.set_topic("wild.shop.out", {{"retention.ms", "60000"}});
    const std::string table = R"-(
  r:
    from: {topics: ["^wild[.]shop[.](eu|us|as|out)", "^wild[.]nothing"], group: $name
}
    delay: 5m
    to: {topic: wild.shop.out, partition: same}
)-";
    const Answer answer = check(scene.table(table));
    INFO(answer.text);
    CHECK(answer.code == 78);
    CHECK_THAT(answer.text,
               Contains("routes.r.from.topics[0]: \"wild.shop.us\": Kafka deletes records after"));
    CHECK_THAT(answer.text, Contains("the target has 2 partitions and \"wild.shop.as\" has 3"));
    CHECK_THAT(answer.text,
               Contains("routes.r.from.topics[1]: warning: no topic on cluster main matches now"));
    CHECK_THAT(answer.text, !Contains("wild.shop.eu"));
    CHECK_THAT(answer.text, !Contains("\"wild.shop.out\":"));

    // With these mended it is only a warning.
    scene.admin.set_topic("wild.shop.us", {{"retention.ms", "604800000"}});
    scene.admin.set_partitions("wild.shop.out", 3);
    CHECK(eventually(10s, [&] { return check(scene.table(table)).code == 0; }));
}

}  // namespace laterd::kafka_test
