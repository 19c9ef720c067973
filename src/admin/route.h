// The workers of one route, seen together.
#pragma once

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

// running | holding | stopped | draining: that of the worker that is worst off; stopped when every partition is.
std::string_view route_state(const Workers& workers);

}  // namespace laterd::admin
