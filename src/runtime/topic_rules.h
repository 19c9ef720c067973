// What the settings of an existing topic mean for the route that uses it: for `check --connect`, and for the log of a
// worker. Errors: the route cannot do what it is asked for. Warnings: records could be lost, or waiting costs more than it
// needs to.
#pragma once

#include "config/finding.h"
#include "config/path.h"
#include "config/routing_table.h"
#include "core/time.h"
#include "kafka/admin.h"
#include "runtime/reach.h"

#include <optional>
#include <string>
#include <vector>

namespace laterd::runtime {

struct TopicFinding {
    config::Severity severity = config::Severity::error;
    config::Path path;
    std::string text;
};
using Judgement = std::vector<TopicFinding>;

// How long Kafka keeps the topic's records after their timestamps, at least; nullopt: for ever, or not known.
std::optional<core::Milliseconds> keeps(const kafka::TopicFacts& facts) noexcept;

// How long a record waits in a topic of the route at most: where it is read first, between two attempts, in the laps that
// the waiting topic keeps whole.
core::Milliseconds longest_stay_in_source(const config::Route& route) noexcept;
core::Milliseconds longest_stay_in_retry(const config::Route& route) noexcept;
core::Milliseconds longest_stay_in_waiting(const config::Route& route,
                                           const kafka::TopicFacts& waiting) noexcept;

// `number` is the source's among the topics of the route.
Judgement judge_source(const config::Route& route, std::size_t number, const kafka::TopicFacts& source);

// The topics of the route that it writes; it has them.
Judgement judge_target(const config::Route& route, const kafka::TopicFacts& target);
Judgement judge_retry(const config::Route& route, const kafka::TopicFacts& retry);
Judgement judge_waiting(const config::Route& route, const kafka::TopicFacts& waiting);
Judgement judge_dead_letter(const config::Route& route, const kafka::TopicFacts& dead_letter);

// Whether what the source holds fits into a topic that the route writes, by size, and into the target by number of
// partitions too. The headers that laterd adds to a copy are not counted.
Judgement judge_fit(const config::Route& route, const std::string& source_name,
                    const kafka::TopicFacts& source, TopicUse use, const kafka::TopicFacts& written);

config::Path path_of(const config::Route& route);

}  // namespace laterd::runtime
