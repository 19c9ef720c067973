// The document that a routing table could have been read from, with every default written out.
#pragma once

#include "config/node.h"
#include "config/routing_table.h"

#include <string_view>

namespace laterd::config {

// Stands for a value that is never shown.
inline constexpr std::string_view k_hidden = "(hidden)";

// Secrets are hidden. Keys stand in any order: the table of keys has theirs.
Node to_document(const RoutingTable& table);

}  // namespace laterd::config
