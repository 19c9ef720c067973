// Before a worker's clients are made: is the cluster there, and what are the route's topics like?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"

namespace laterd::runtime {

struct Reached {
    bool ok = false;                   // the cluster of `from` answered
    std::string error;                 // why not
    std::uint32_t partitions = 0;      // of all source topics that exist
    std::vector<std::string> missing;  // topics by name that do not exist
    std::optional<std::int64_t> target_max_message_bytes;
};

// Blocks for seconds when the cluster is away.
Reached reach(const config::RoutingTable& table, const config::Route& route);

// The target's limit only.
std::optional<std::int64_t> target_max_message_bytes(const config::RoutingTable& table,
                                                     const config::Route& route);

// The topics that no regex of this route may match: what any route of the table writes, but for those that the route
// names itself. Empty when it has no regex: the client would not see these topics at all.
std::vector<std::string> unwanted_topics(const config::RoutingTable& table, const config::Route& route);

}  // namespace laterd::runtime
