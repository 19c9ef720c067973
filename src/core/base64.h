// Bytes as text that Kafka keeps: base64 (RFC 4648, section 4) without padding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace laterd::core {

// How many characters so many bytes take, and how many bytes fit into so many characters.
constexpr std::size_t base64_chars(std::size_t bytes) noexcept {
    return bytes / 3 * 4 + (bytes % 3 * 8 + 5) / 6;
}
constexpr std::size_t base64_bytes(std::size_t chars) noexcept {
    return chars / 4 * 3 + chars % 4 * 6 / 8;
}

std::string to_base64(std::string_view bytes);

// nullopt when a character or the length is none of base64's, or bits are set that no byte has.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace laterd::core
