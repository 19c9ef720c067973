#include "runtime/topic_rules.h"

#include "config/quantity.h"
#include "core/lap.h"
#include "core/retention.h"
#include "core/retry_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace laterd::runtime {

namespace {

using config::format_duration;
using config::Path;
using config::Route;
using config::Severity;
using core::Milliseconds;
using kafka::TopicFacts;

// More often than this nobody wants a record copied.
constexpr std::int64_t k_laps_in_one_wait_most = 50;

// How long a record stays where it is: one that is far away leaves for the waiting topic.
Milliseconds stay(const Route& route, bool in_due_order, Milliseconds wait) {
    return in_due_order && !route.wait_topic.empty() ? std::min(wait, core::k_far_away) : wait;
}

// Of what Kafka keeps, what may be waited.
Milliseconds usable(Milliseconds keeps) {
    return keeps - core::retention_margin(keeps);
}

Milliseconds longest_wait(const Route& route) {
    const Milliseconds retries =
        route.retry.policy.has_topic ? core::longest_delay(route.retry.policy.backoff) : Milliseconds(0);
    return route.order == config::Order::due ? std::max(route.due.max, retries) : retries;
}

// The largest of so many laps that a record takes which waits so long; nullopt: none.
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

struct WrittenTopic {
    const char* key;
    const char* name;
    const char* too_large;  // what becomes of records that it does not take
};

WrittenTopic words_for(const Route& route, TopicUse use) noexcept {
    const bool has_dead_letter = route.dead_letter.has_value();
    switch (use) {
        case TopicUse::retry:
            return {"retry", "retry topic",
                    has_dead_letter ? "larger ones are dead-lettered when they fail"
                                    : "larger ones stop their partition when they fail"};
        case TopicUse::waiting:
            return {"wait", "waiting topic",
                    has_dead_letter ? "larger ones that are far away are dead-lettered"
                                    : "larger ones that are far away stop their partition"};
        case TopicUse::dead_letter:
            return {"dead_letter", "dead-letter topic",
                    "of larger ones it gets no value, only where they were read"};
        case TopicUse::source:
        case TopicUse::target:
            break;
    }
    return {"to", "target",
            has_dead_letter ? "larger ones are dead-lettered"
                            : "larger ones are refused, and stop their partition"};
}

// By size, and nobody knows how soon.
void add_size_limit(Judgement& judgement, const TopicFacts& facts, const Path& path) {
    if (facts.deletes.value_or(true) && facts.retention_bytes && *facts.retention_bytes >= 0) {
        judgement.push_back(
            {Severity::warning, path,
             fmt::format(
                 "Kafka deletes records by size, too, after {} bytes a partition, however soon that is; "
                 "expected retention.bytes -1 where records wait",
                 *facts.retention_bytes)});
    }
}

}  // namespace

std::optional<Milliseconds> keeps(const TopicFacts& facts) noexcept {
    const bool is_limited = facts.deletes.value_or(true) && facts.retention_ms && *facts.retention_ms >= 0;
    return is_limited ? std::optional<Milliseconds>(*facts.retention_ms) : std::nullopt;
}

Milliseconds longest_stay_in_source(const Route& route) noexcept {
    return stay(route, route.order == config::Order::due,
                route.due.uses_header() ? route.due.max : route.due.delay);
}

Milliseconds longest_stay_in_retry(const Route& route) noexcept {
    return stay(route, true, core::longest_delay(route.retry.policy.backoff));
}

Milliseconds longest_stay_in_waiting(const Route& route, const TopicFacts& waiting) noexcept {
    const std::int32_t laps = core::laps_kept(waiting.partitions, keeps(waiting));
    const std::optional<std::int32_t> lap = longest_lap(longest_wait(route), laps);
    return lap ? core::lap_length(*lap) + core::k_far_away : Milliseconds(0);
}

Path path_of(const Route& route) {
    return Path() / "routes" / route.name;
}

Judgement judge_source(const Route& route, std::size_t number, const TopicFacts& source) {
    const Path path = (path_of(route) / "from" / "topics")[number];
    const Milliseconds longest = longest_stay_in_source(route);
    const Milliseconds most = stay(route, route.order == config::Order::due, route.due.max);
    const std::optional<Milliseconds> retention = keeps(source);
    Judgement judgement;
    if (source.compacted == true) {
        judgement.push_back({Severity::warning, path,
                             "a compacted source may lose a waiting record to a newer one of its key"});
    }
    if (retention && !route.due.uses_header() && usable(*retention) < longest) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format("Kafka deletes records after {}, too soon for a wait of {}; expected a longer "
                         "retention.ms",
                         format_duration(*retention), format_duration(longest))});
    } else if (retention && usable(*retention) < most) {
        judgement.push_back(
            {Severity::warning, path,
             fmt::format("Kafka deletes records after {}, and they may wait {} there; what has to "
                         "wait longer than Kafka keeps it is too far",
                         format_duration(*retention), format_duration(most))});
    }
    add_size_limit(judgement, source, path);
    return judgement;
}

Judgement judge_target(const Route& route, const TopicFacts& target) {
    const Path path = path_of(route) / "to" / "topic";
    Judgement judgement;
    if (target.compacted == true) {
        judgement.push_back(
            {Severity::warning, path,
             "the target is compacted: it refuses records without a key and keeps only the last of "
             "each key"});
    }
    if (route.to.timestamp != config::TargetTimestamp::original) {
        return judgement;
    }
    const Milliseconds wait = route.due.uses_header() ? route.due.max : route.due.delay;
    if (target.log_append_time == true) {
        judgement.push_back(
            {Severity::warning, path,
             "the target writes the time of appending over every original timestamp; expected "
             "message.timestamp.type CreateTime"});
    } else if (target.timestamp_before_max_ms && Milliseconds(*target.timestamp_before_max_ms) < wait) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format(
                 "the target refuses timestamps older than {}, and with `timestamp: original` they may be "
                 "{} old; expected a longer message.timestamp.before.max.ms",
                 format_duration(Milliseconds(*target.timestamp_before_max_ms)), format_duration(wait))});
    }
    return judgement;
}

Judgement judge_retry(const Route& route, const TopicFacts& retry) {
    const Path path = path_of(route) / "retry" / "topic";
    Judgement judgement = refuse_compaction(retry, path, "records that wait for their next attempt");
    const Milliseconds wait = longest_stay_in_retry(route);
    if (const auto retention = keeps(retry); retention && usable(*retention) < wait) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format(
                 "Kafka deletes records after {}, and the next attempt may be {} away: it is made sooner; "
                 "expected a longer retention.ms",
                 format_duration(*retention), format_duration(wait))});
    }
    add_size_limit(judgement, retry, path);
    return judgement;
}

Judgement judge_waiting(const Route& route, const TopicFacts& waiting) {
    const Path path = path_of(route) / "wait" / "topic";
    Judgement judgement = refuse_compaction(waiting, path, "records that go round");
    add_size_limit(judgement, waiting, path);
    const Milliseconds wait = longest_wait(route);
    const std::optional<std::int32_t> wanted = longest_lap(wait, waiting.partitions);
    if (!wanted) {
        return judgement;
    }
    const auto retention = keeps(waiting);
    const std::optional<std::int32_t> lap = longest_lap(wait, core::laps_kept(waiting.partitions, retention));
    if (!lap) {
        judgement.push_back(
            {Severity::error, path,
             fmt::format("Kafka deletes records after {}, before the shortest lap is over: none is "
                         "used; expected a longer retention.ms",
                         format_duration(*retention))});
        return judgement;
    }
    if (*lap < *wanted) {
        judgement.push_back(
            {Severity::warning, path,
             fmt::format(
                 "Kafka deletes records after {}, and partition {} would keep them for {}: those from {} on "
                 "are not used",
                 format_duration(*retention), *wanted, format_duration(core::lap_length(*wanted)),
                 *lap + 1)});
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
                    TopicUse use, const TopicFacts& written) {
    Judgement judgement;
    if (use == TopicUse::target && route.to.partition == config::TargetPartition::same &&
        written.partitions < source.partitions) {
        judgement.push_back(
            {Severity::error, path_of(route) / "to" / "partition",
             fmt::format("the target has {} partitions and \"{}\" has {}; expected at least as many "
                         "for `same`",
                         written.partitions, source_name, source.partitions)});
    }
    if (source.max_message_bytes && written.max_message_bytes &&
        *written.max_message_bytes < *source.max_message_bytes) {
        const WrittenTopic words = words_for(route, use);
        judgement.push_back({Severity::warning, path_of(route) / words.key / "topic",
                             fmt::format("the {} takes records up to {} bytes and \"{}\" up to {}: {}",
                                         words.name, *written.max_message_bytes, source_name,
                                         *source.max_message_bytes, words.too_large)});
    }
    return judgement;
}

}  // namespace laterd::runtime
