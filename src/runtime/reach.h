// Is a route's cluster there, and what are its topics like? Asked before a worker's clients are made, and again now and then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"
#include "kafka/admin.h"
#include "kafka/trouble.h"

namespace laterd::runtime {

enum class TopicUse : std::uint8_t { source, retry, waiting, dead_letter, target };

struct FoundTopic {
    TopicUse use = TopicUse::source;
    std::string name;
    std::size_t number = 0;  // use source: which of from.topics names or matches it
    kafka::TopicFacts facts;
};

struct Reached {
    bool ok = false;    // the cluster of `from` answered
    std::string error;  // why not, in librdkafka's words
    kafka::Trouble trouble;
    std::uint32_t partitions =
        0;  // of all topics that the route reads (sources, retry, waiting) and that exist
    std::int32_t wait_partitions = 0;  // of the waiting topic; 0 while there is none
    std::vector<std::string> missing;  // those given by name that do not exist
    std::optional<std::int64_t> target_max_message_bytes;
    std::vector<FoundTopic> topics;  // all that the route reads or writes
};

// Blocks for seconds when the cluster is away.
Reached reach(const config::RoutingTable& table, const config::Route& route);

// The target's limit only; nullopt when it is not known, or the sink is a handler.
std::optional<std::int64_t> target_max_message_bytes(const config::RoutingTable& table,
                                                     const config::Route& route);

}  // namespace laterd::runtime
