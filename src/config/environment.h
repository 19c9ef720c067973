// What the routing table takes from outside its file: variables and the files of its secrets.
#pragma once

#include "config/parsed.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace laterd::config {

// The value of a variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment process_environment();

struct SecretFile {
    std::string content;
    bool is_world_readable = false;
};
using SecretReader = std::function<Parsed<SecretFile>(const std::filesystem::path&)>;

Parsed<SecretFile> read_secret_file(const std::filesystem::path& path);

}  // namespace laterd::config
