// Values as logfmt shows them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "log/log.h"

namespace laterd::log {

// Bare, or quoted with control characters escaped: a value cannot begin a line of its own.
void append_text(std::string& line, std::string_view value);

// ` name=value` for each.
std::string text_of_fields(std::span<const Field> fields);

// One line; invalid UTF-8 becomes U+FFFD, control characters become escapes.
std::string dump(const nlohmann::ordered_json& json);

}  // namespace laterd::log
