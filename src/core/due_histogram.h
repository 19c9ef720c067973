// When what is held is due: in the next hour by five minutes, up to a day by the hour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/time.h"

namespace laterd::core {

class DueHistogram {
  public:
    // Overdue; twelve times five minutes; 23 hours; later.
    static constexpr std::size_t k_bars = 1 + 12 + 23 + 1;

    // `from_now`: negative when overdue.
    void add(Milliseconds from_now, std::uint64_t records) noexcept;
    void add(const DueHistogram& other) noexcept;

    std::uint64_t count(std::size_t bar) const noexcept { return bars_[bar]; }

    // The end of a bar, from now; what is due exactly then belongs to the next one. nullopt: the last has none.
    static std::optional<Milliseconds> end(std::size_t bar) noexcept;

  private:
    std::array<std::uint64_t, k_bars> bars_{};
};

}  // namespace laterd::core
