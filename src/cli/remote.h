// `laterd status` and `laterd health`: what the running daemon says of itself at its admin endpoint.
#pragma once

#include "cli/invocation.h"
#include "config/environment.h"

#include <iosfwd>

namespace laterd::cli {

// Both return the exit code. The table is read only to find the endpoint: its other problems do not matter here.
int status(const Invocation& invocation, const config::Environment& environment, std::ostream& out,
           std::ostream& err);
int health(const Invocation& invocation, const config::Environment& environment, std::ostream& out,
           std::ostream& err);

}  // namespace laterd::cli
