// What a routing table that is read again changes, as a value: which routes differ and by which keys, and what has to
// wait for a restart.
#pragma once

#include "config/routing_table.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace laterd::config {

struct RouteDifference {
    enum class Kind : std::uint8_t { added, removed, changed };

    Kind kind = Kind::changed;
    std::string route;
    std::vector<std::string> keys;  // their paths in the file; never a value

    bool operator==(const RouteDifference&) const = default;
};

struct Difference {
    std::vector<RouteDifference> routes;     // in the order of the new table, then the removed ones
    std::vector<std::string> at_once;        // keys that take effect without touching a route
    std::vector<std::string> needs_restart;  // keys whose old values stay in force

    bool is_empty() const noexcept { return routes.empty() && at_once.empty() && needs_restart.empty(); }
    const RouteDifference* find(const std::string& route) const noexcept;

    bool operator==(const Difference&) const = default;
};

// Whether the route's regexes stand for other topics than before although the route is the same: a regex never matches
// what other routes write. A function, because only src/kafka knows how a regex is matched.
using ReadsElse =
    std::function<bool(const RoutingTable& before, const RoutingTable& after, const Route& route)>;

// A disabled route counts as one that is not there. A route differs, too, when a cluster that it uses does (the content of
// a secret's or certificate's file included), or a setting that its workers are made with. `reads_else` may be empty.
Difference difference(const RoutingTable& before, const RoutingTable& after, const ReadsElse& reads_else);

// The table that is in force when `after` follows `before` without a restart: `after` with the old values of what
// needs one.
RoutingTable keep_until_restart(const RoutingTable& before, RoutingTable after);

}  // namespace laterd::config
