#include "core/durations.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace laterd::core {

void Durations::observe(std::chrono::microseconds duration) noexcept {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    const std::uint64_t ms = (us + 999) / 1'000;
    // The smallest i with ms <= 2^i.
    const auto bucket = ms <= 1 ? std::size_t{0} : static_cast<std::size_t>(std::bit_width(ms - 1));
    buckets_[std::min(bucket, k_buckets - 1)].add();
    sum_us_.add(us);
    max_ms_.set(std::max(max_ms_.get(), ms));
}

void Durations::add(const Durations& other) noexcept {
    for (std::size_t i = 0; i < k_buckets; ++i) {
        buckets_[i].add(other.count(i));
    }
    sum_us_.add(other.sum_us());
    max_ms_.set(std::max(max_ms_.get(), other.max_ms()));
}

std::uint64_t Durations::total() const noexcept {
    std::uint64_t total = 0;
    for (const Counter& bucket : buckets_) {
        total += bucket.get();
    }
    return total;
}

std::int64_t Durations::quantile_ms(double q) const noexcept {
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
