#include "admin/route.h"

#include <algorithm>

#include "core/gate.h"

namespace laterd::admin {

std::vector<Route> routes_of(const ProcessState& state) {
    std::vector<Route> routes;
    for (const WorkerState& worker : state.workers) {
        const auto found = std::find_if(routes.begin(), routes.end(),
                                        [&](const Route& route) { return route.name == worker.route; });
        Route& route =
            found != routes.end() ? *found : routes.emplace_back(Route{.name = worker.route, .workers = {}});
        route.workers.push_back(&worker);
    }
    return routes;
}

std::optional<core::WallTime> next_due(const Workers& workers) {
    std::optional<core::WallTime> earliest;
    for (const WorkerState* worker : workers) {
        if (const std::uint64_t due_ms = worker->counters->next_due_ms.get(); due_ms != 0) {
            const core::WallTime due{core::Milliseconds{static_cast<std::int64_t>(due_ms)}};
            earliest = std::min(earliest.value_or(due), due);
        }
    }
    return earliest;
}

std::string_view route_state(const Workers& workers) {
    std::uint64_t gate = 0;
    std::uint64_t going = 0;
    std::uint64_t stopped = 0;
    for (const WorkerState* worker : workers) {
        const core::Counters& counters = *worker->counters;
        gate = std::max(gate, counters.gate.get());
        for (const auto state :
             {core::PartitionState::hot, core::PartitionState::warm, core::PartitionState::cold}) {
            going += counters.partitions[static_cast<std::size_t>(state)].get();
        }
        stopped += counters.partitions[static_cast<std::size_t>(core::PartitionState::stopped)].get();
    }
    if (gate == core::k_gate_draining) {
        return "draining";
    }
    if (stopped > 0 && going == 0) {
        return "stopped";
    }
    return gate == static_cast<std::uint64_t>(core::Gate::State::open) ? "running" : "holding";
}

}  // namespace laterd::admin
