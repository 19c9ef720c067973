// Routes that write what they or, through others, again read: a record would go round for ever.
#pragma once

#include "config/routing_table.h"
#include "config/written.h"

#include <cstddef>
#include <vector>

namespace laterd::config {

// Route `from` writes what route `to` reads; numbers of routes.
struct Step {
    std::size_t from;
    std::size_t to;
    Written written;
};

// The shortest way from route `start` back to itself over routes below it in the file; a circle is thus found
// once, at its first route. Empty: there is none. A route that reads its own topics is no circle of this kind, and
// topics that only their route may read lead nowhere.
std::vector<Step> find_circle(const std::vector<Route>& routes, std::size_t start);

}  // namespace laterd::config
