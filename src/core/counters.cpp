#include "core/counters.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace laterd::core {

void Lateness::observe(Milliseconds late) noexcept {
    const auto late_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(late.count(), 0));
    // The smallest i with late_ms <= 2^i.
    const auto bucket = late_ms <= 1 ? std::size_t{0} : static_cast<std::size_t>(std::bit_width(late_ms - 1));
    buckets_[std::min(bucket, k_buckets - 1)].add();
    sum_ms_.add(late_ms);
    max_ms_.set(std::max(max_ms_.get(), late_ms));
}

std::uint64_t Lateness::total() const noexcept {
    std::uint64_t total = 0;
    for (const Counter& bucket : buckets_) {
        total += bucket.get();
    }
    return total;
}

std::int64_t Lateness::quantile_ms(double q) const noexcept {
    const std::uint64_t all = total();
    if (all == 0) {
        return 0;
    }
    const double rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(all));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i + 1 < k_buckets; ++i) {
        seen += buckets_[i].get();
        if (seen > 0 && static_cast<double>(seen) >= rank) {
            return upper_ms(i);
        }
    }
    // The last bucket has no upper bound; nothing in it is above the largest.
    return static_cast<std::int64_t>(max_ms());
}

}  // namespace laterd::core
