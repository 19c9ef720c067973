// What `laterd --version` says.
#pragma once

#include <string>

namespace laterd::cli {

// `librdkafka`: the version that is loaded.
// Of laterd alone, e.g. 0.3.0.
std::string version();

std::string version_text(const std::string& librdkafka);

}  // namespace laterd::cli
