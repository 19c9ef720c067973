// What a route writes: target, dead letters, and the topics that it alone reads again.
#pragma once

#include "config/path.h"
#include "config/routing_table.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

struct Written {
    std::string_view key;   // of the route: to, dead_letter, retry or wait; the topic's name stands below it
    std::string_view what;  // for messages: `retry topic`
    std::string cluster;
    std::string topic;
    bool is_own = false;  // retry and waiting topic: read by this route, and by no other

    bool is_same_topic(const Written& other) const noexcept {
        return cluster == other.cluster && topic == other.topic;
    }
};

// Without what the file does not say, or says wrongly.
std::vector<Written> written_by(const Route& route);

// Whether one of them may begin only when the other has ended: they have one group, or one of them reads or writes what the
// other alone may read. Clusters are not looked at, for they may have other names in the table of the other route.
bool are_in_each_others_way(const Route& one, const Route& other);

// The source topic of the route that it is, by its number; a regex never matches a topic that this file writes.
std::optional<std::size_t> find_source(const Route& route, const Written& written);

}  // namespace laterd::config
