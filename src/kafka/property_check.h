// What librdkafka thinks of properties, asked of a client without brokers.
#pragma once

#include "config/property.h"

#include <string>
#include <vector>

namespace laterd::kafka {

// Unknown properties and values that it refuses, then what it refuses of all of them together and with
// laterd's own; warnings for what it will ignore. Starts and ends a client, which takes about a millisecond.
std::vector<config::PropertyProblem> check_properties(const config::Properties& properties, bool consumer);

// The version of the librdkafka that is loaded.
std::string library_version();

}  // namespace laterd::kafka
