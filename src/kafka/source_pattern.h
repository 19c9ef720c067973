// The regexes among a route's source topics (`^regex`), and the topics that they stand for.
#pragma once

#include "config/routing_table.h"

#include <string>
#include <vector>

namespace laterd::kafka {

bool is_pattern(const std::string& topic);

// The topics that no regex of this route may match: targets, dead-letter, retry and waiting topics of all routes.
// Its own retry and waiting topic and what it names as a source are left out, for its consumers would not see
// these topics at all; a topic's name says which role it has. Empty when the route has no regex.
std::vector<std::string> unwanted_topics(const config::RoutingTable& table, const config::Route& route);

// The route's retry and waiting topic: its consumers read them like sources.
std::vector<std::string> own_topics(const config::Route& route);

// Those of `names` that the pattern stands for, matched whole and by POSIX rules, as librdkafka does it, without the
// unwanted ones and the route's own. A bad pattern matches nothing; the consumer reports it.
std::vector<std::string> matching(const std::vector<std::string>& names, const std::string& pattern,
                                  const config::RoutingTable& table, const config::Route& route);

// Whether the route's regexes stand for other topics by the table `after`: other routes write others, which no regex
// matches.
bool reads_else(const config::RoutingTable& before, const config::RoutingTable& after,
                const config::Route& route);

}  // namespace laterd::kafka
