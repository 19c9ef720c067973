// Text for a header, made from whatever bytes a program or a broker has said.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace laterd::dialect {

// Valid UTF-8 of at most `most` bytes, whole characters only; a byte that is not part of one becomes U+FFFD.
std::string to_text(std::string_view bytes, std::size_t most);

}  // namespace laterd::dialect
