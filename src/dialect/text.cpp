#include "dialect/text.h"

#include <array>
#include <cstdint>

namespace laterd::dialect {

namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

// How many bytes a sequence has that begins with `first`; 0 when none does.
std::size_t length_after(std::uint8_t first) noexcept {
    if (first < 0x80U) {
        return 1;
    }
    if (first >> 5U == 0b110U) {
        return 2;
    }
    if (first >> 4U == 0b1110U) {
        return 3;
    }
    return first >> 3U == 0b11110U ? 4 : 0;
}

// The length of the character at the beginning; 0 when there is none. Overlong forms, surrogates and what lies beyond
// U+10FFFF are none.
std::size_t first_character(std::string_view bytes) noexcept {
    constexpr std::array<std::uint32_t, 5> k_smallest{0, 0, 0x80, 0x800, 0x10000};
    const auto first = static_cast<std::uint8_t>(bytes.front());
    const std::size_t length = length_after(first);
    if (length <= 1 || length > bytes.size()) {
        return length == 1 ? 1 : 0;
    }
    std::uint32_t code = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<std::uint8_t>(bytes[i]);
        if ((next & 0xC0U) != 0x80U) {
            return 0;
        }
        code = code << 6U | (next & 0x3FU);
    }
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < k_smallest[length] || is_surrogate || code > 0x10FFFF ? 0 : length;
}

}  // namespace

std::string to_text(std::string_view bytes, std::size_t most) {
    std::string text;
    while (!bytes.empty()) {
        const std::size_t length = first_character(bytes);
        const std::string_view character = length > 0 ? bytes.substr(0, length) : k_replacement;
        if (text.size() + character.size() > most) {
            break;
        }
        text += character;
        bytes.remove_prefix(length > 0 ? length : 1);
    }
    return text;
}

}  // namespace laterd::dialect
