// Before a worker's clients are made: is the cluster there, and what are the route's topics like?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"
#include "kafka/trouble.h"

namespace laterd::runtime {

struct Reached {
    bool ok = false;    // the cluster of `from` answered
    std::string error;  // why not, in librdkafka's words
    kafka::Trouble trouble;
    std::uint32_t partitions =
        0;  // of all topics that the route reads (sources, retry, waiting) and that exist
    std::int32_t wait_partitions = 0;  // of the waiting topic; 0 while there is none
    std::vector<std::string> missing;  // those given by name that do not exist
    std::optional<std::int64_t> target_max_message_bytes;
};

// Blocks for seconds when the cluster is away.
Reached reach(const config::RoutingTable& table, const config::Route& route);

// The target's limit only; nullopt when it is not known, or the sink is a handler.
std::optional<std::int64_t> target_max_message_bytes(const config::RoutingTable& table,
                                                     const config::Route& route);

}  // namespace laterd::runtime
