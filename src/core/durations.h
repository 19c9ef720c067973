// A histogram of durations: lateness, the calls of a handler. One writer, any reader.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/counter.h"

namespace laterd::core {

// Buckets of powers of two from 1 ms to 65 s and a last one for the rest.
class Durations {
  public:
    static constexpr std::size_t k_buckets = 18;

    // A negative one counts as 0.
    void observe(std::chrono::microseconds duration) noexcept;

    // As if everything that `other` observed had been observed here.
    void add(const Durations& other) noexcept;

    // Upper bound of bucket `i` in milliseconds; the last has none (-1).
    static std::int64_t upper_ms(std::size_t i) noexcept {
        return i + 1 < k_buckets ? (std::int64_t{1} << i) : -1;
    }
    std::uint64_t count(std::size_t i) const noexcept { return buckets_[i].get(); }
    std::uint64_t total() const noexcept;
    std::uint64_t sum_us() const noexcept { return sum_us_.get(); }
    std::uint64_t max_ms() const noexcept { return max_ms_.get(); }

    // The upper bound of the bucket that holds the quantile `q` (0..1); 0 when nothing was observed.
    std::int64_t quantile_ms(double q) const noexcept;

  private:
    std::array<Counter, k_buckets> buckets_;
    Counter sum_us_;
    Counter max_ms_;
};

}  // namespace laterd::core
