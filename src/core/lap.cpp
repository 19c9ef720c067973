#include "core/lap.h"

#include <algorithm>

namespace laterd::core {

std::optional<std::int32_t> lap_for(WallTime due, WallTime now, std::int32_t partitions) noexcept {
    if (due <= now || due - now <= k_far_away || partitions <= 0) {
        return std::nullopt;
    }
    // The shortest lap always fits: it and the margin are shorter than what is far away.
    static_assert(lap_length(0) + k_lap_margin <= k_far_away);
    const Milliseconds most = due - now - k_lap_margin;
    std::int32_t lap = std::min(partitions, k_laps_most) - 1;
    while (lap > 0 && lap_length(lap) > most) {
        --lap;
    }
    return lap;
}

}  // namespace laterd::core
