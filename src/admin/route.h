// The workers of one route, seen together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/state.h"

namespace laterd::admin {

using Workers = std::vector<const WorkerState*>;  // of the state that they are taken from

struct Route {
    std::string name;
    Workers workers;  // at least one
};

// In the order in which the routes come first.
std::vector<Route> routes_of(const ProcessState& state);

// What `get` says of each worker's counters: added up, and the largest.
template <typename Get>
std::uint64_t sum(const Workers& workers, Get get) {
    std::uint64_t total = 0;
    for (const WorkerState* worker : workers) {
        total += get(*worker->counters);
    }
    return total;
}

template <typename Get>
std::uint64_t largest(const Workers& workers, Get get) {
    std::uint64_t most = 0;
    for (const WorkerState* worker : workers) {
        most = std::max<std::uint64_t>(most, get(*worker->counters));
    }
    return most;
}

// The earliest of the workers that have one.
std::optional<core::WallTime> next_due(const Workers& workers);

// running | holding | stopped | draining: that of the worker that is worst off; stopped when every partition is.
std::string_view route_state(const Workers& workers);

}  // namespace laterd::admin
