#include "runtime/topic_rules.h"

#include <chrono>
#include <optional>
#include <string>

#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using namespace laterd::runtime;
using core::Milliseconds;
using kafka::TopicFacts;

namespace {

TopicFacts topic(std::int32_t partitions, std::optional<Milliseconds> retention = std::nullopt) {
    TopicFacts facts{.state = TopicFacts::State::exists, .partitions = partitions};
    facts.retention_ms = retention ? retention->count() : -1;
    facts.deletes = true;
    facts.compacted = false;
    return facts;
}

TopicFacts compacted(TopicFacts facts) {
    facts.compacted = true;
    facts.deletes = false;
    return facts;
}

TopicFacts sized(TopicFacts facts, std::int64_t bytes) {
    facts.max_message_bytes = bytes;
    return facts;
}

config::Route delaying(Milliseconds delay) {
    config::Route route{.name = "r"};
    route.from.topics = {"in"};
    route.due.delay = delay;
    route.due.max = delay + 1h;
    route.to.topic = "out";
    return route;
}

config::Route going_round(Milliseconds max) {
    config::Route route = delaying(0s);
    route.due = {.header = "h", .max = max};
    route.order = config::Order::due;
    route.wait_topic = "far";
    return route;
}

config::Route retrying(core::Backoff backoff) {
    config::Route route = delaying(0s);
    route.retry = {.topic = "again", .policy = {.has_topic = true, .backoff = std::move(backoff)}};
    return route;
}

// `-`: nothing is wrong; else `E` and `W` for each finding.
std::string marks(const Judgement& judgement) {
    std::string text;
    for (const auto& finding : judgement) {
        text += finding.severity == config::Severity::error ? 'E' : 'W';
    }
    return text.empty() ? "-" : text;
}

}  // namespace

TEST_CASE("a source keeps its records for as long as they wait", "[connect]") {
    const config::Route route = delaying(15min);
    CHECK(marks(judge_source(route, 0, topic(1))) == "-");
    CHECK(marks(judge_source(route, 0, topic(1, 2h))) == "-");
    CHECK(marks(judge_source(route, 0, topic(1, 20min))) == "W");
    CHECK(marks(judge_source(route, 0, topic(1, 1'000s))) == "W");
    CHECK(marks(judge_source(route, 0, topic(1, 999s))) == "E");  // a tenth is not waited for
    CHECK(marks(judge_source(route, 0, compacted(topic(1, 1min)))) == "W");
    CHECK(judge_source(route, 0, topic(1, 15min))[0].path.str() == "routes.r.from.topics[0]");
    CHECK(judge_source(route, 0, topic(1, 15min))[0].text ==
          "Kafka deletes records after 15m, too soon for a wait of 15m; expected a longer retention.ms");
    TopicFacts sized = topic(1);
    sized.retention_bytes = 1'000'000;
    CHECK(marks(judge_source(route, 0, sized)) == "W");
}

TEST_CASE("with a waiting topic the source keeps two minutes, and without one the longest wait",
          "[connect]") {
    config::Route route = going_round(720h);
    CHECK(marks(judge_source(route, 0, topic(1, 10min))) == "-");
    CHECK(marks(judge_source(route, 0, topic(1, 1min))) == "W");
    route.wait_topic.clear();
    CHECK(marks(judge_source(route, 0, topic(1, 10min))) == "W");
    route.wait_topic = "far";
    route.order = config::Order::partition;
    CHECK(marks(judge_source(route, 0, topic(1, 10min))) == "W");
}

TEST_CASE("a retry topic keeps its records for the longest backoff", "[connect]") {
    config::Route route = retrying({.initial = 5s, .max = 6h});
    CHECK(marks(judge_retry(route, topic(1))) == "-");
    CHECK(marks(judge_retry(route, topic(1, 6h))) == "E");
    CHECK(marks(judge_retry(route, topic(1, 6h + 30min))) == "E");
    CHECK(marks(judge_retry(route, topic(1, 6h + 40min))) == "-");
    CHECK(marks(judge_retry(route, compacted(topic(1)))) == "E");
    CHECK(marks(judge_retry(retrying({.steps = {1s, 12h, 1min}}), topic(1, 12h))) == "E");
    route.wait_topic = "far";
    CHECK(marks(judge_retry(route, topic(1, 10min))) == "-");
    CHECK(marks(judge_retry(route, topic(1, 2min))) == "E");
}

TEST_CASE("laps that Kafka does not keep whole are not used, and one is needed", "[connect]") {
    const config::Route route = going_round(720h);
    // 2^11 minutes, two more that a record is held behind its lap, and an hour's margin.
    CHECK(marks(judge_waiting(route, topic(12, 2'110min))) == "-");
    CHECK(marks(judge_waiting(route, topic(12, 2'109min))) == "W");
    CHECK(
        judge_waiting(route, topic(12, 2'109min))[0].text ==
        "Kafka deletes records after 1d11h9m, and partition 11 would keep them for 1d10h8m: those from 11 on "
        "are not used");
    CHECK(marks(judge_waiting(route, topic(12))) == "-");
    CHECK(marks(judge_waiting(route, topic(12, 3min))) == "E");
    CHECK(marks(judge_waiting(route, compacted(topic(12)))) == "E");
    // Nothing waits longer than a day, so partitions 11 and more are not needed.
    CHECK(marks(judge_waiting(going_round(24h), topic(20, 1'086min))) == "-");
    CHECK(marks(judge_waiting(going_round(24h), topic(20, 1'085min))) == "W");
    CHECK(marks(judge_waiting(going_round(1min), topic(1, 1s))) == "-");
}

TEST_CASE("a waiting topic with few partitions copies its records often", "[connect]") {
    const config::Route route = going_round(720h);
    CHECK(marks(judge_waiting(route, topic(10))) == "W");
    CHECK(judge_waiting(route, topic(6))[0].text ==
          "with 6 partitions a record that waits 30d is copied about 1350 times; expected 11 partitions");
    CHECK(marks(judge_waiting(route, topic(11))) == "-");
    CHECK(marks(judge_waiting(route, topic(21))) == "W");
}

TEST_CASE("retry records go round too, also beside a route in partition order", "[connect]") {
    config::Route route = retrying({.initial = 5s, .max = 6h});
    route.wait_topic = "far";
    // 2^8 minutes and two more are nine tenths of 286 and two thirds.
    CHECK(marks(judge_waiting(route, topic(9, 286min))) == "W");
    CHECK(marks(judge_waiting(route, topic(9, 287min))) == "-");
}

TEST_CASE("dead letters and targets suffer from compaction", "[connect]") {
    config::Route route = delaying(1min);
    route.dead_letter = config::DeadLetter{.topic = "dead"};
    CHECK(marks(judge_dead_letter(route, topic(1, 1s))) == "-");
    CHECK(marks(judge_dead_letter(route, compacted(topic(1)))) == "E");
    CHECK(marks(judge_target(route, compacted(topic(1)))) == "W");
}

TEST_CASE("a target takes original timestamps of that age, and keeps them", "[connect]") {
    config::Route route = delaying(15min);
    TopicFacts target = topic(1);
    target.timestamp_before_max_ms = Milliseconds(15min).count() - 1;
    CHECK(marks(judge_target(route, target)) == "-");
    route.to.timestamp = config::TargetTimestamp::original;
    CHECK(marks(judge_target(route, target)) == "E");
    target.timestamp_before_max_ms = Milliseconds(15min).count();
    CHECK(marks(judge_target(route, target)) == "-");
    target.log_append_time = true;
    CHECK(marks(judge_target(route, target)) == "W");
}

TEST_CASE("a target has as many partitions as the source when it keeps their numbers, and takes its records",
          "[connect]") {
    config::Route route = delaying(1min);
    const auto fit = [&](const TopicFacts& source, const TopicFacts& target) {
        return marks(judge_fit(route, "in", source, TopicUse::target, target));
    };
    CHECK(fit(topic(3), topic(2)) == "-");
    route.to.partition = config::TargetPartition::same;
    CHECK(fit(topic(3), topic(2)) == "E");
    CHECK(fit(topic(3), topic(3)) == "-");
    CHECK(fit(sized(topic(1), 2'000), sized(topic(1), 1'000)) == "W");
    CHECK(fit(sized(topic(1), 1'000), sized(topic(1), 1'000)) == "-");
    CHECK(fit(sized(topic(1), 2'000), topic(1)) == "-");
}

TEST_CASE("every topic that copies go to takes what the source takes, and has partitions of its own",
          "[connect]") {
    struct Row {
        TopicUse use;
        const char* path;
        const char* what;
        const char* fate;
        const char* fate_without_dead_letter;
    };
    const Row row = GENERATE(Row{TopicUse::retry, "routes.r.retry.topic", "retry topic",
                                 "larger ones are dead-lettered when they fail",
                                 "larger ones stop their partition when they fail"},
                             Row{TopicUse::waiting, "routes.r.wait.topic", "waiting topic",
                                 "larger ones that are far away are dead-lettered",
                                 "larger ones that are far away stop their partition"},
                             Row{TopicUse::dead_letter, "routes.r.dead_letter.topic", "dead-letter topic",
                                 "of larger ones it gets no value, only where they were read",
                                 "of larger ones it gets no value, only where they were read"});
    config::Route route = delaying(1min);
    route.to.partition = config::TargetPartition::same;
    for (const bool has_dead_letter : {false, true}) {
        if (has_dead_letter) {
            route.dead_letter = config::DeadLetter{.topic = "dead"};
        }
        CHECK(judge_fit(route, "in", sized(topic(3), 1'000), row.use, sized(topic(1), 1'000)).empty());
        const Judgement judgement =
            judge_fit(route, "in", sized(topic(3), 1'001), row.use, sized(topic(1), 1'000));
        REQUIRE(marks(judgement) == "W");
        CHECK(judgement[0].path.str() == row.path);
        CHECK(judgement[0].text == std::string("the ") + row.what +
                                       " takes records up to 1000 bytes and \"in\" up to 1001: " +
                                       (has_dead_letter ? row.fate : row.fate_without_dead_letter));
    }
}
