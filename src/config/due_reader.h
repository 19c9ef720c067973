// Makes the due rule of one route from the document, with the defaults that depend on the rest of the route.
#pragma once

#include "config/findings.h"
#include "config/section.h"
#include "core/due_rule.h"

namespace laterd::config {

core::DueRule read_due_rule(const Section& route, Findings& findings);

}  // namespace laterd::config
