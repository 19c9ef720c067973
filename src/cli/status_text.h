// The answer of `/status` as a page of text for people.
#pragma once

#include <optional>
#include <string>

namespace laterd::cli {

// nullopt when it is not what laterd answers.
std::optional<std::string> status_text(const std::string& json);

}  // namespace laterd::cli
