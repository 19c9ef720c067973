// The routing table as it takes effect, in the form of the file: every key that this version has, secrets
// hidden.
#pragma once

#include "config/routing_table.h"

#include <string>

namespace laterd::config {

std::string print(const RoutingTable& table);

}  // namespace laterd::config
