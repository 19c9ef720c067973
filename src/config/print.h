// The routing table as it takes effect, in the form of the file: every key that this version has, secrets hidden.
#pragma once

#include <string>

#include "config/routing_table.h"

namespace laterd::config {

std::string print(const RoutingTable& table);

}  // namespace laterd::config
