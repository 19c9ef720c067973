// Reads a file whole.
#pragma once

#include <filesystem>
#include <string>

#include "config/parsed.h"

namespace laterd::config {

// At most a few MiB of it: nothing that laterd reads is larger. The problem is the system's word for why not.
Parsed<std::string> read_file(const std::filesystem::path& path);

}  // namespace laterd::config
