#include "cli/topic_rules.h"

#include "config/quantity.h"
#include "core/lap.h"
#include "core/retry_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace laterd::cli {

namespace {

using config::format_duration;
using config::Path;
using config::Route;
using config::Severity;
using core::Milliseconds;
using kafka::TopicFacts;

// More often than this nobody wants a record copied.
constexpr std::int64_t k_laps_in_one_wait_most = 50;

// How long Kafka keeps the topic's records at least; nullopt: for ever, or not known.
std::optional<Milliseconds> retention_of(const TopicFacts& facts) {
    const bool is_limited = facts.deletes.value_or(true) && facts.retention_ms && *facts.retention_ms >= 0;
    return is_limited ? std::optional<Milliseconds>(*facts.retention_ms) : std::nullopt;
}

// How long a record stays where it is: one that is far away leaves for the waiting topic.
Milliseconds stay(const Route& route, bool in_due_order, Milliseconds wait) {
    return in_due_order && !route.wait_topic.empty() ? std::min(wait, core::k_far_away) : wait;
}

Milliseconds longest_wait(const Route& route) {
    const Milliseconds retries =
        route.retry.policy.has_topic ? core::longest_delay(route.retry.policy.backoff) : Milliseconds(0);
    return route.order == config::Order::due ? std::max(route.due.max, retries) : retries;
}

std::optional<std::int32_t> longest_lap(Milliseconds wait, std::int32_t partitions) {
    return core::lap_for(core::WallTime(wait), core::WallTime(), partitions);
}

std::int64_t laps_in(Milliseconds wait, std::int32_t lap) {
    return wait / core::lap_length(lap);
}

// With so many partitions no record goes round too often.
std::int32_t partitions_for(Milliseconds wait) {
    std::int32_t lap = 0;
    while (lap + 1 < core::k_laps_most && laps_in(wait, lap) > k_laps_in_one_wait_most) {
        ++lap;
    }
    return lap + 1;
}

Judgement refuse_compaction(const TopicFacts& facts, const Path& path, const char* loses) {
    if (facts.compacted != true) {
        return {};
    }
    return {{Severity::error, path,
             fmt::format("a compacted topic loses {}; expected cleanup.policy delete", loses)}};
}

}  // namespace

Path path_of(const Route& route) {
    return Path() / "routes" / route.name;
}

Judgement judge_source(const Route& route, std::size_t number, const TopicFacts& source) {
    const Path path = (path_of(route) / "from" / "topics")[number];
    const bool in_due_order = route.order == config::Order::due;
    const Milliseconds delay = stay(route, in_due_order, route.due.delay);
    const Milliseconds most = stay(route, in_due_order, route.due.max);
    const std::optional<Milliseconds> retention = retention_of(source);
    Judgement judgement;
    if (source.compacted == true) {
        judgement.push_back({Severity::warning, path,
                             "a compacted source may lose a waiting record to a newer one of its key"});
    }
    if (retention && !route.due.uses_header() && *retention <= delay) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format("Kafka deletes records after {}, before they have waited {}; expected a "
                         "longer retention.ms",
                         format_duration(*retention), format_duration(delay))});
    } else if (retention && *retention < most) {
        judgement.push_back({Severity::warning, path,
                             fmt::format("Kafka deletes records after {}, and they may wait {} there",
                                         format_duration(*retention), format_duration(most))});
    }
    return judgement;
}

Judgement judge_target(const Route& route, const TopicFacts& target) {
    if (target.compacted != true) {
        return {};
    }
    return {
        {Severity::warning, path_of(route) / "to" / "topic",
         "the target is compacted: it refuses records without a key and keeps only the last of each key"}};
}

Judgement judge_retry(const Route& route, const TopicFacts& retry) {
    const Path path = path_of(route) / "retry" / "topic";
    Judgement judgement = refuse_compaction(retry, path, "records that wait for their next attempt");
    const Milliseconds wait = stay(route, true, core::longest_delay(route.retry.policy.backoff));
    if (const auto retention = retention_of(retry); retention && *retention <= wait) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format("Kafka deletes records after {}, and the next attempt may be {} away; "
                         "expected a longer retention.ms",
                         format_duration(*retention), format_duration(wait))});
    }
    return judgement;
}

Judgement judge_waiting(const Route& route, const TopicFacts& waiting) {
    const Path path = path_of(route) / "wait" / "topic";
    Judgement judgement = refuse_compaction(waiting, path, "records that go round");
    const Milliseconds wait = longest_wait(route);
    const std::optional<std::int32_t> lap = longest_lap(wait, waiting.partitions);
    if (!lap) {
        return judgement;
    }
    const Milliseconds length = core::lap_length(*lap);
    if (const auto retention = retention_of(waiting); retention && *retention <= length) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format("Kafka deletes records after {}, and partition {} keeps them for {}; "
                         "expected a longer retention.ms",
                         format_duration(*retention), *lap, format_duration(length))});
    }
    if (const std::int64_t laps = laps_in(wait, *lap); laps > k_laps_in_one_wait_most) {
        judgement.push_back(
            {Severity::warning, path,
             fmt::format("with {} partitions a record that waits {} is copied about {} times; "
                         "expected {} partitions",
                         waiting.partitions, format_duration(wait), laps, partitions_for(wait))});
    }
    if (waiting.partitions > core::k_laps_most) {
        judgement.push_back({Severity::warning, path,
                             fmt::format("{} partitions, and those from {} on are not used",
                                         waiting.partitions, core::k_laps_most)});
    }
    return judgement;
}

Judgement judge_dead_letter(const Route& route, const TopicFacts& dead_letter) {
    return refuse_compaction(dead_letter, path_of(route) / "dead_letter" / "topic", "dead letters");
}

Judgement judge_fit(const Route& route, const std::string& source_name, const TopicFacts& source,
                    const TopicFacts& target) {
    const Path to = path_of(route) / "to";
    Judgement judgement;
    if (route.to.partition == config::TargetPartition::same && target.partitions < source.partitions) {
        judgement.push_back(
            {Severity::error, to / "partition",
             fmt::format("the target has {} partitions and \"{}\" has {}; expected at least as many "
                         "for `same`",
                         target.partitions, source_name, source.partitions)});
    }
    if (source.max_message_bytes && target.max_message_bytes &&
        *target.max_message_bytes < *source.max_message_bytes) {
        judgement.push_back(
            {Severity::warning, to / "topic",
             fmt::format("the target takes records up to {} bytes and \"{}\" up to {}: larger ones are {}",
                         *target.max_message_bytes, source_name, *source.max_message_bytes,
                         route.dead_letter ? "dead-lettered" : "refused, and stop their partition")});
    }
    return judgement;
}

}  // namespace laterd::cli
