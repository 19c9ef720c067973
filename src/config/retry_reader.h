// Makes the retry policy of one route from the document, with the defaults that depend on whether there is a retry
// topic.
#pragma once

#include "config/findings.h"
#include "config/routing_table.h"
#include "config/section.h"

namespace laterd::config {

Retry read_retry(const Section& route, Findings& findings);

}  // namespace laterd::config
