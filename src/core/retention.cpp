#include "core/retention.h"

#include <algorithm>
#include <chrono>

#include "core/lap.h"

namespace laterd::core {

Milliseconds retention_margin(Milliseconds keeps) noexcept {
    return std::min<Milliseconds>(keeps / 10, std::chrono::hours(1));
}

WallTime safe_until(std::optional<WallTime> timestamp, std::optional<Milliseconds> keeps) noexcept {
    if (!timestamp || !keeps) {
        return WallTime::max();
    }
    const Milliseconds wait = *keeps - retention_margin(*keeps);
    return timestamp->time_since_epoch() > Milliseconds::max() - wait ? WallTime::max() : *timestamp + wait;
}

std::int32_t laps_kept(std::int32_t partitions, std::optional<Milliseconds> keeps) noexcept {
    const std::int32_t most = std::min(partitions, k_laps_most);
    if (!keeps) {
        return most;
    }
    std::int32_t kept = 0;
    while (kept < most && lap_length(kept) + k_far_away <= *keeps - retention_margin(*keeps)) {
        ++kept;
    }
    return kept;
}

}  // namespace laterd::core
