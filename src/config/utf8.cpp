#include "config/utf8.h"

#include <cstddef>
#include <cstdint>

namespace laterd::config {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

// How many bytes a sequence has that starts with `first`; 0 when none does.
std::size_t length_of(std::uint8_t first) {
    if (first == 0) {
        return 0;
    }
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

// Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
bool is_second(std::uint8_t first, std::uint8_t second) {
    switch (first) {
        case 0xe0:
            return second >= 0xa0;
        case 0xed:
            return second <= 0x9f;
        case 0xf0:
            return second >= 0x90;
        case 0xf4:
            return second <= 0x8f;
        default:
            return true;
    }
}

bool is_valid_at(std::string_view text, std::size_t at, std::size_t length) {
    if (length == 0 || at + length > text.size()) {
        return false;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xc0) != 0x80) {
            return false;
        }
    }
    return length == 1 || is_second(byte_at(text, at), byte_at(text, at + 1));
}

}  // namespace

std::optional<Place> find_invalid_utf8(std::string_view text) {
    Place place{1, 1};
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = length_of(byte_at(text, at));
        if (!is_valid_at(text, at, length)) {
            return place;
        }
        if (text[at] == '\n') {
            place = {place.line + 1, 1};
        } else {
            ++place.column;
        }
        at += length;
    }
    return std::nullopt;
}

}  // namespace laterd::config
