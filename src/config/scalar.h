// Is a text what its key asks for?
#pragma once

#include "config/key.h"
#include "config/parsed.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace laterd::config {

// What is wrong with it and what was expected; nullopt when it is right.
std::optional<std::string> problem_of(const Key& key, const std::string& text);

// Route and cluster names.
bool is_name(std::string_view text);

Parsed<std::int64_t> parse_integer(std::string_view text);

}  // namespace laterd::config
