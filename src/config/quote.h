// Text from a file inside a message: in quotes, on one line, not longer than people read.
#pragma once

#include <string>
#include <string_view>

namespace laterd::config {

std::string quote(std::string_view text);

}  // namespace laterd::config
