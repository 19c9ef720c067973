// Compares a document with the table of keys: what is not in it, of the wrong type, out of range, missing or
// not available in this version is reported and marked, so that the steps after it can rely on the rest.
#pragma once

#include "config/environment.h"
#include "config/findings.h"
#include "config/node.h"

namespace laterd::config {

// Also replaces the variables of the environment in all values.
void check_shape(Node& root, const Environment& environment, Findings& findings);

}  // namespace laterd::config
