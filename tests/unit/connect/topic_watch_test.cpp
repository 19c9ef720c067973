// What a worker makes of its topics' settings: what holds the route, what may wait how long, what is told, when it asks again.
#include "runtime/topic_watch.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "log/recent.h"
#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using namespace laterd::runtime;
using core::Milliseconds;
using core::Reason;
using kafka::TopicFacts;

namespace {

constexpr core::SteadyTime k_now{100h};

FoundTopic topic(TopicUse use, std::string name, std::optional<Milliseconds> retention = std::nullopt) {
    FoundTopic found{.use = use, .name = std::move(name)};
    found.facts = {.state = TopicFacts::State::exists, .partitions = 12};
    found.facts.retention_ms = retention ? retention->count() : -1;
    found.facts.deletes = true;
    found.facts.compacted = false;
    return found;
}

FoundTopic compacted(FoundTopic found) {
    found.facts.compacted = true;
    found.facts.deletes = false;
    return found;
}

FoundTopic in_state(FoundTopic found, TopicFacts::State state) {
    found.facts = {.state = state};
    return found;
}

// There, and no more is told.
FoundTopic untold(FoundTopic found) {
    found.facts = {.state = TopicFacts::State::exists, .partitions = 12};
    return found;
}

Reached reached(std::vector<FoundTopic> topics, bool ok = true) {
    return {.ok = ok, .topics = std::move(topics)};
}

// Every test's route has a name of its own: what was logged for it can be counted.
std::size_t told(const std::string& route, const std::string& event) {
    const auto lines = log::recent();
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
        return line.event == event &&
               std::any_of(line.fields.begin(), line.fields.end(), [&](const auto& field) {
                   const auto* text = std::get_if<std::string>(&field.value);
                   return field.name == "route" && text != nullptr && *text == route;
               });
    }));
}

struct Watched {
    explicit Watched(const std::string& name, int worker = 1) : worker_number(worker) { route.name = name; }

    void found(std::vector<FoundTopic> topics, core::SteadyTime at = k_now) {
        watch.found(reached(std::move(topics)), at);
    }

    int worker_number;
    config::Route route;
    core::Counters counters;
    TopicWatch watch{route, worker_number, counters};
};

}  // namespace

TEST_CASE("a compacted topic where records wait or end holds the route until it is mended", "[topics]") {
    const TopicUse use = GENERATE(TopicUse::retry, TopicUse::waiting, TopicUse::dead_letter);
    Watched watched("compacted");
    const FoundTopic own = topic(use, "own");
    watched.found({topic(TopicUse::source, "in"), compacted(own)});
    CHECK(watched.watch.unfit() == Reason::compacted);
    CHECK(watched.watch.again_at() == k_now + 5s);
    // Who may no longer ask knows what it knew.
    watched.found({topic(TopicUse::source, "in"), untold(own)});
    CHECK(watched.watch.unfit() == Reason::compacted);
    watched.found({topic(TopicUse::source, "in"), own});
    CHECK(watched.watch.unfit() == Reason::none);
    CHECK(watched.watch.again_at() == k_now + 1h);
}

TEST_CASE("a compacted source or target holds nothing", "[topics]") {
    Watched watched("harmless");
    watched.found({compacted(topic(TopicUse::source, "in")), compacted(topic(TopicUse::target, "out"))});
    CHECK(watched.watch.unfit() == Reason::none);
}

TEST_CASE("what is missing is asked for sooner, and what appears among the topics that are read is told once",
          "[topics]") {
    Watched watched("missing");
    const FoundTopic in = topic(TopicUse::source, "in");
    const FoundTopic dead = topic(TopicUse::dead_letter, "dead");
    watched.found({in_state(in, TopicFacts::State::missing), in_state(dead, TopicFacts::State::missing)});
    CHECK(watched.watch.again_at() == k_now + 30s);
    CHECK_FALSE(watched.watch.take_appeared());
    watched.found({in_state(in, TopicFacts::State::missing), dead});
    CHECK_FALSE(watched.watch.take_appeared());
    watched.found({in, dead});
    CHECK(watched.watch.take_appeared());
    CHECK_FALSE(watched.watch.take_appeared());
    CHECK(watched.watch.again_at() == k_now + 1h);
    watched.watch.found(reached({in, dead}, false), k_now);
    CHECK(watched.watch.again_at() == k_now + 30s);
}

TEST_CASE("a topic that the consumer was given and nobody has looked at is looked at now", "[topics]") {
    Watched watched("regex");
    watched.found({topic(TopicUse::source, "in")});
    watched.watch.reads("in", k_now + 1min);
    CHECK(watched.watch.again_at() == k_now + 1h);
    watched.watch.reads("in.2", k_now + 1min);
    CHECK(watched.watch.again_at() == k_now + 1min);
}

TEST_CASE("sources keep what waits in them, unless what is far away leaves them", "[topics]") {
    Watched watched("sources");
    const std::vector<FoundTopic> sources = {topic(TopicUse::source, "a", 1h), topic(TopicUse::source, "b")};
    watched.found(sources);
    CHECK(watched.watch.kept_sources() == Intake::Kept{{"a", 1h}});

    watched.route.wait_topic = "wait";
    watched.route.order = config::Order::due;
    CHECK(watched.watch.kept_sources().empty());
    watched.found(
        {topic(TopicUse::waiting, "wait", 3min)});  // less than the shortest lap and what follows it
    CHECK(watched.watch.kept_sources() == Intake::Kept{{"a", 1h}});
    CHECK(watched.watch.laps(12) == 0);
    watched.found({topic(TopicUse::waiting, "wait", 10min)});
    CHECK(watched.watch.kept_sources().empty());
    CHECK(watched.watch.laps(12) == 3);

    watched.route.order = config::Order::partition;
    CHECK(watched.watch.kept_sources() == Intake::Kept{{"a", 1h}});
}

TEST_CASE("no attempt is later than the retry topic keeps its record, unless it goes round", "[topics]") {
    Watched watched("retries");
    CHECK(watched.watch.retry_kept() == std::nullopt);
    watched.found({topic(TopicUse::retry, "retry")});
    CHECK(watched.watch.retry_kept() == std::nullopt);
    watched.found({topic(TopicUse::retry, "retry", 100min)});
    CHECK(watched.watch.retry_kept() == 90min);
    watched.found({in_state(topic(TopicUse::retry, "retry"), TopicFacts::State::unknown)});
    CHECK(watched.watch.retry_kept() == 90min);
    watched.found({in_state(topic(TopicUse::retry, "retry"), TopicFacts::State::missing)});
    CHECK(watched.watch.retry_kept() == std::nullopt);
    watched.found({topic(TopicUse::retry, "retry", 100min)});
    watched.route.wait_topic = "wait";
    watched.found({topic(TopicUse::waiting, "wait")});
    CHECK(watched.watch.retry_kept() == std::nullopt);
}

TEST_CASE("the margin is what Kafka keeps less the longest wait, of the worst source", "[topics]") {
    Watched watched("margins");
    watched.route.due.delay = 15min;
    watched.route.retry.policy = {.has_topic = true, .backoff = {.steps = {5s, 2h}}};
    const auto margin = [&](core::Role role) {
        return watched.counters.retention_margin[static_cast<std::size_t>(role)].get();
    };
    watched.found({topic(TopicUse::source, "a"), topic(TopicUse::target, "out", 1s)});
    CHECK(margin(core::Role::source) == std::nullopt);
    watched.found({topic(TopicUse::source, "a", 1h), topic(TopicUse::source, "b", 20min),
                   topic(TopicUse::source, "c", 10h), topic(TopicUse::retry, "retry", 1h)});
    CHECK(margin(core::Role::source) == 5min);
    CHECK(margin(core::Role::retry) == -1h);
    CHECK(margin(core::Role::waiting) == std::nullopt);
    watched.found({in_state(topic(TopicUse::source, "b"), TopicFacts::State::missing)});
    CHECK(margin(core::Role::source) == 45min);
}

TEST_CASE("what is wrong is told once until it has ended, by the first worker", "[topics]") {
    const auto tell = [](Watched& watched, const FoundTopic& source) {
        watched.found({source});
        return told(watched.route.name, "topic settings");
    };
    Watched watched("once");
    watched.route.due.delay = 15min;
    CHECK(tell(watched, topic(TopicUse::source, "in", 1min)) == 1);
    CHECK(tell(watched, topic(TopicUse::source, "in", 1min)) == 1);
    CHECK(tell(watched, topic(TopicUse::source, "in")) == 1);
    CHECK(tell(watched, topic(TopicUse::source, "in", 1min)) == 2);

    Watched second("second", 2);
    second.route.due.delay = 15min;
    CHECK(tell(second, topic(TopicUse::source, "in", 1min)) == 0);
}

TEST_CASE("settings that nobody tells are told once, and forbid nothing", "[topics]") {
    Watched watched("untold");
    const std::vector<FoundTopic> topics = {untold(topic(TopicUse::source, "in")),
                                            untold(topic(TopicUse::dead_letter, "dead"))};
    watched.found(topics);
    watched.found(topics);
    CHECK(told("untold", "topic settings not known") == 2);
    CHECK(watched.watch.unfit() == Reason::none);
    CHECK(watched.watch.kept_sources().empty());
    CHECK(watched.watch.again_at() == k_now + 1h);
}

TEST_CASE("a topic that takes less than the sources is told once, whatever number of them there is",
          "[topics]") {
    Watched watched("sizes");
    const auto sized = [](FoundTopic found, std::int64_t bytes) {
        found.facts.max_message_bytes = bytes;
        return found;
    };
    const std::vector<FoundTopic> topics = {
        sized(topic(TopicUse::source, "a"), 1'000), sized(topic(TopicUse::source, "b"), 2'000),
        sized(topic(TopicUse::source, "c"), 2'000), sized(topic(TopicUse::dead_letter, "dead"), 1'500)};
    watched.found(topics);
    watched.found(topics);
    CHECK(told("sizes", "topic settings") == 1);
}
