// What the settings of an existing topic mean for the route that uses it. Errors: records would be lost for
// certain. Warnings: they could be, or waiting costs more than it needs to.
#pragma once

#include "cli/check.h"
#include "config/routing_table.h"
#include "kafka/admin.h"

#include <string>
#include <vector>

namespace laterd::cli {

using Judgement = std::vector<Connected::Finding>;

// `number` is the source's among the topics of the route.
Judgement judge_source(const config::Route& route, std::size_t number, const kafka::TopicFacts& source);

// The topics of the route that it writes; it has them.
Judgement judge_target(const config::Route& route, const kafka::TopicFacts& target);
Judgement judge_retry(const config::Route& route, const kafka::TopicFacts& retry);
Judgement judge_waiting(const config::Route& route, const kafka::TopicFacts& waiting);
Judgement judge_dead_letter(const config::Route& route, const kafka::TopicFacts& dead_letter);

// Whether what the source holds fits into the target, by number of partitions and by size.
Judgement judge_fit(const config::Route& route, const std::string& source_name,
                    const kafka::TopicFacts& source, const kafka::TopicFacts& target);

config::Path path_of(const config::Route& route);

}  // namespace laterd::cli
