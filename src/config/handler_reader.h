// Makes the handler sink of one route from the document.
#pragma once

#include "config/findings.h"
#include "config/routing_table.h"
#include "config/section.h"

namespace laterd::config {

// `route` is a section whose `to` has a handler.
HandlerSink read_handler(const Section& route, Findings& findings);

}  // namespace laterd::config
