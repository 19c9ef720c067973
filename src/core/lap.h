// Where a record that is far away goes round: partition p of a waiting topic keeps it for 2^p minutes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ratio>

#include "core/time.h"

namespace laterd::core {

// Nearer than this, a record is held in memory.
inline constexpr Milliseconds k_far_away = std::chrono::minutes(2);

// From when on that is so moves in such steps, so that few numbers tell which records were far away.
using FarStep = std::chrono::duration<std::int64_t, std::ratio<10>>;

// A lap ends at least this long before the record is due, so that it is read again in time.
inline constexpr Milliseconds k_lap_margin = std::chrono::seconds(10);

// Partitions from here on are not used: the longest lap is nearly a year.
inline constexpr std::int32_t k_laps_most = 20;

// 2^p minutes; `partition` in [0, k_laps_most).
constexpr Milliseconds lap_length(std::int32_t partition) noexcept {
    return std::chrono::minutes(std::int64_t{1} << partition);
}

// The largest lap that ends at least k_lap_margin before `due` when it begins at `now`; nullopt when the record is not
// far away (or the topic has no partition).
std::optional<std::int32_t> lap_for(WallTime due, WallTime now, std::int32_t partitions) noexcept;

}  // namespace laterd::core
