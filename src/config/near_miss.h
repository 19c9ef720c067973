// "did you mean": the known word that a mistyped one is closest to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

// Nothing when no word is close enough to be a slip of the fingers.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// `; did you mean "orders"?` or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace laterd::config
