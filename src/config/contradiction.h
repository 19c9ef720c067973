// What is right key by key and cannot work together: circles of routes, shared groups, too little memory.
#pragma once

#include "config/findings.h"
#include "config/routing_table.h"
#include "config/section.h"

namespace laterd::config {

// A disabled route counts like any other, so that enabling it brings no new problem. Empty names in the table
// are unknown ones and contradict nothing.
void find_contradictions(const RoutingTable& table, const Section& root, Findings& findings);

}  // namespace laterd::config
