#include "runtime/budget.h"

#include <algorithm>

namespace laterd::runtime {

namespace {

// Below this a partition fetches in crumbs; above, nothing gets faster.
constexpr std::uint64_t k_cap_least = 128 << 10;
constexpr std::uint64_t k_cap_most = 16 << 20;

// Assumed when a route's topics do not exist yet.
constexpr std::uint32_t k_partitions_unknown = 16;

}  // namespace

Budget divide(std::uint64_t share, std::uint32_t partitions) noexcept {
    const std::uint64_t prefetch = share / 2;
    const std::uint64_t wanted = partitions > 0 ? partitions : k_partitions_unknown;
    const std::uint64_t cap = std::clamp(prefetch / wanted, k_cap_least, std::min(k_cap_most, prefetch));
    return {.hold_bytes = share * 3 / 8,
            .prefetch_cap_bytes = cap,
            .open_max = static_cast<std::uint32_t>(std::max<std::uint64_t>(prefetch / cap, 1)),
            .producer_bytes = share / 8};
}

}  // namespace laterd::runtime
