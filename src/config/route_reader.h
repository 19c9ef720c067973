// Makes the routes of a routing table from the document; what is missing or wrong there stays empty in the
// result.
#pragma once

#include "config/findings.h"
#include "config/routing_table.h"
#include "config/section.h"

#include <vector>

namespace laterd::config {

std::vector<Route> read_routes(const Section& root, Findings& findings);

}  // namespace laterd::config
