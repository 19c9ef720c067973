// The first bytes of every value that the bench produces: what the observer at the other end needs to know.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

namespace laterd::bench {

struct Stamp {
    std::int64_t due_us = 0;  // wall clock; the instant of sending when the record is not delayed
    std::int64_t sequence = 0;
};

inline std::optional<Stamp> read_stamp(const void* value, std::size_t size) {
    if (size < sizeof(Stamp)) {
        return std::nullopt;
    }
    Stamp stamp;
    std::memcpy(&stamp, value, sizeof stamp);
    return stamp;
}

}  // namespace laterd::bench
