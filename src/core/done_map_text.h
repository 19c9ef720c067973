// A done map as text: base64 of
//
//   version    1 byte: 1
//   flags      1 byte: 1 = by position; others are not allowed
//   rule       8 bytes, little endian
//   end        varint
//   until      varint of the zigzagged milliseconds   (not by position)
//   tie end    varint                                 (not by position)
//   far        varint count, then each: varint of `from` minus the one before minus 1; varint of the zigzagged
//              difference of `at_least` (milliseconds) to the one before, modulo 2^64          (not by position)
//   except     varint count, then each: varint of the offset minus the one before minus 1
//   checksum   4 bytes, little endian: CRC-32 of everything before it
//
// "The one before" the first is -1 for offsets and 0 for instants. Varints as in Protocol Buffers: seven bits a byte, the
// low ones first. A map whose version is not 1 is not read; anything that changes the meaning needs a new version.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/done_map.h"

namespace laterd::core {

constexpr std::size_t varint_bytes(std::uint64_t value) noexcept {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// What an exception, and an entry of `far`, cost behind the one before (-1, or {-1, WallTime{}}, for the first).
std::size_t except_bytes(Offset before, Offset offset) noexcept;
std::size_t far_bytes(const DoneMap::Far& before, const DoneMap::Far& entry) noexcept;

// No map with such an end needs more for everything else.
std::size_t frame_bytes(Offset end) noexcept;

std::string to_text(const DoneMap& map);

// nullopt when it is damaged, or another version's.
std::optional<DoneMap> done_map_from(std::string_view text);

}  // namespace laterd::core
