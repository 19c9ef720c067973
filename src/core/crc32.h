// CRC-32 as in zlib and Ethernet (ISO 3309: polynomial 0x04C11DB7, reflected): tells damaged bytes from whole ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace laterd::core {

namespace detail {

inline constexpr auto k_crc32_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1) != 0 ? value >> 1 ^ 0xEDB88320U : value >> 1;
        }
        table[i] = value;
    }
    return table;
}();

}  // namespace detail

constexpr std::uint32_t crc32(std::string_view bytes) noexcept {
    std::uint32_t value = ~0U;
    for (const char byte : bytes) {
        value = detail::k_crc32_table[(value ^ static_cast<std::uint8_t>(byte)) & 255] ^ value >> 8;
    }
    return ~value;
}

static_assert(crc32("123456789") == 0xCBF43926U, "the check value of the CRC catalogue");

}  // namespace laterd::core
