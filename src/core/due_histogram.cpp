#include "core/due_histogram.h"

#include <algorithm>

namespace laterd::core {

namespace {

constexpr std::chrono::minutes k_short_bar{5};
constexpr std::chrono::hours k_long_bar{1};
constexpr std::size_t k_short_bars = 12;

std::size_t bar_of(Milliseconds from_now) noexcept {
    if (from_now < Milliseconds{0}) {
        return 0;
    }
    if (from_now < k_long_bar) {
        return 1 + static_cast<std::size_t>(from_now / k_short_bar);
    }
    return std::min(k_short_bars + static_cast<std::size_t>(from_now / k_long_bar), DueHistogram::k_bars - 1);
}

}  // namespace

void DueHistogram::add(Milliseconds from_now, std::uint64_t records) noexcept {
    bars_[bar_of(from_now)] += records;
}

void DueHistogram::add(const DueHistogram& other) noexcept {
    for (std::size_t bar = 0; bar < k_bars; ++bar) {
        bars_[bar] += other.bars_[bar];
    }
}

std::optional<Milliseconds> DueHistogram::end(std::size_t bar) noexcept {
    if (bar + 1 >= k_bars) {
        return std::nullopt;
    }
    if (bar <= k_short_bars) {
        return k_short_bar * static_cast<std::int64_t>(bar);
    }
    return k_long_bar * static_cast<std::int64_t>(bar - k_short_bars + 1);
}

}  // namespace laterd::core
