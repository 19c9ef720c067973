// Whether bytes are UTF-8 text that a person can have written.
#pragma once

#include "config/place.h"

#include <optional>
#include <string_view>

namespace laterd::config {

// The place of the first byte that is not part of valid UTF-8, or is NUL; nullopt when there is none.
std::optional<Place> find_invalid_utf8(std::string_view text);

}  // namespace laterd::config
