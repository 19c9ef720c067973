// Is the program that a route calls there?
#pragma once

#include "cli/check.h"
#include "config/routing_table.h"

#include <vector>

namespace laterd::cli {

// `route` has a handler. One that is away is no error: the route holds until it is there. A handler at an address
// is not asked: what listens there may be anything.
std::vector<Connected::Finding> judge_handler(const config::Route& route);

}  // namespace laterd::cli
