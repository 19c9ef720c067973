#include "runtime/budget.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "config/routing_table.h"

namespace laterd::runtime {

namespace {

// Below this a partition fetches in crumbs; above, nothing gets faster.
constexpr std::uint64_t k_cap_least = 128 << 10;
constexpr std::uint64_t k_cap_most = 16 << 20;

// Assumed when a route's topics do not exist yet.
constexpr std::uint32_t k_partitions_unknown = 16;

std::uint64_t hold_of(std::uint64_t share) noexcept {
    return share * 3 / 8;
}

std::uint64_t producer_of(std::uint64_t share) noexcept {
    return share / 8;
}

std::uint64_t prefetch_of(std::uint64_t share) noexcept {
    return share / 2;
}

std::uint32_t places(std::uint64_t prefetch, std::uint64_t cap) noexcept {
    return static_cast<std::uint32_t>(std::max<std::uint64_t>(prefetch / cap, 1));
}

}  // namespace

Budget divide(std::uint64_t share, std::uint32_t partitions) noexcept {
    const std::uint64_t prefetch = prefetch_of(share);
    const std::uint64_t wanted = partitions > 0 ? partitions : k_partitions_unknown;
    const std::uint64_t cap = std::clamp(prefetch / wanted, k_cap_least, std::min(k_cap_most, prefetch));
    return {.hold_bytes = hold_of(share),
            .prefetch_cap_bytes = cap,
            .open_max = places(prefetch, cap),
            .producer_bytes = producer_of(share)};
}

Budget redivide(const Budget& made, std::uint64_t share) noexcept {
    const std::uint64_t fixed = made.producer_bytes + made.prefetch_cap_bytes;
    Budget budget = made;
    budget.hold_bytes = std::min(hold_of(share), share > fixed ? share - fixed : 0);
    budget.open_max =
        places(share - std::min(share, budget.hold_bytes + made.producer_bytes), made.prefetch_cap_bytes);
    return budget;
}

std::uint64_t least_share(std::uint64_t share) noexcept {
    return producer_of(share) + std::min(k_cap_most, prefetch_of(share)) +
           hold_of(config::k_memory_floor_per_worker);
}

std::uint64_t fair_share(std::uint64_t memory, std::span<const std::uint64_t> least, std::size_t fresh) {
    std::vector<std::uint64_t> largest_first(least.begin(), least.end());
    std::sort(largest_first.begin(), largest_first.end(), std::greater<>());
    std::uint64_t left = memory;
    std::uint64_t users = largest_first.size() + fresh;
    for (const std::uint64_t fixed : largest_first) {
        if (fixed <= left / users) {
            break;
        }
        left -= std::min(left, fixed);
        --users;
    }
    return users == 0 ? 0 : left / users;
}

}  // namespace laterd::runtime
