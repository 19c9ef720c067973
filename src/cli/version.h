// What `laterd --version` says.
#pragma once

#include <string>

namespace laterd::cli {

// `librdkafka`: the version that is loaded.
std::string version_text(const std::string& librdkafka);

}  // namespace laterd::cli
