#include "core/base64.h"

#include <array>
#include <cstdint>

namespace laterd::core {

namespace {

constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t k_foreign = 64;

constexpr auto k_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(k_foreign);
    for (std::size_t i = 0; i < k_alphabet.size(); ++i) {
        values[static_cast<std::uint8_t>(k_alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}();

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve(base64_chars(bytes.size()));
    std::uint32_t bits = 0;
    int count = 0;  // of the bits that are not written yet
    for (const char byte : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(byte);
        for (count += 8; count >= 6; count -= 6) {
            text += k_alphabet[bits >> (count - 6) & 63];
        }
    }
    if (count > 0) {
        text += k_alphabet[bits << (6 - count) & 63];
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(base64_bytes(text.size()));
    std::uint32_t bits = 0;
    int count = 0;  // of the bits that are not written yet
    for (const char character : text) {
        const std::uint8_t value = k_values[static_cast<std::uint8_t>(character)];
        if (value == k_foreign) {
            return std::nullopt;
        }
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 255);
        }
    }
    if ((bits & ((1U << count) - 1)) != 0) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace laterd::core
