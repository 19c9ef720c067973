#include "config/routing_table.h"

#include <algorithm>
#include <cassert>

namespace laterd::config {

const Cluster& RoutingTable::cluster(const std::string& name) const {
    auto found =
        std::find_if(clusters.begin(), clusters.end(), [&](const Cluster& c) { return c.name == name; });
    assert(found != clusters.end());
    return *found;
}

int RoutingTable::workers() const noexcept {
    int sum = 0;
    for (const Route& route : routes) {
        sum += route.enabled ? route.workers : 0;
    }
    return sum;
}

}  // namespace laterd::config
