// `laterd check --connect`: asks the clusters whether a routing table can work there.
#pragma once

#include "cli/check.h"

namespace laterd::cli {

// Blocks for seconds per cluster that does not answer.
Connected ask_clusters(const config::RoutingTable& table);

}  // namespace laterd::cli
