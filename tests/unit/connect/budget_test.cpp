// How the memory limit is divided, also between workers that run already.
#include "runtime/budget.h"

#include <numeric>
#include <vector>

#include "config/routing_table.h"
#include "support/catch.hpp"

using namespace laterd;
using namespace laterd::runtime;

namespace {

constexpr std::uint64_t k_mib = 1 << 20;
constexpr std::uint64_t k_floor = config::k_memory_floor_per_worker;

// What a worker with that budget may use at most.
std::uint64_t sum_of(const Budget& budget) {
    return budget.hold_bytes + budget.prefetch_cap_bytes * budget.open_max + budget.producer_bytes;
}

}  // namespace

TEST_CASE("a share is divided so that nothing exceeds it, whatever number of partitions there is",
          "[budget]") {
    const std::uint64_t share =
        GENERATE(as<std::uint64_t>{}, k_floor, 32 * k_mib, 256 * k_mib, 4'096 * k_mib);
    for (const std::uint32_t partitions : {0U, 1U, 3U, 12U, 1'000U}) {
        CAPTURE(share, partitions);
        const Budget budget = divide(share, partitions);
        CHECK(sum_of(budget) <= share);
        CHECK(budget.open_max >= 1);
        CHECK(budget.hold_bytes >= k_floor * 3 / 8);
    }
}

TEST_CASE("a worker keeps to another share with the clients that it has", "[budget]") {
    const std::uint64_t share =
        GENERATE(as<std::uint64_t>{}, k_floor, 32 * k_mib, 256 * k_mib, 4'096 * k_mib);
    for (const std::uint32_t partitions : {0U, 1U, 3U, 12U, 1'000U}) {
        CAPTURE(share, partitions);
        const Budget made = divide(share, partitions);
        const std::uint64_t least = least_share(share);
        CHECK(least <= share);
        for (const std::uint64_t other : {least, (least + share) / 2, share, 2 * share}) {
            const Budget budget = redivide(made, other);
            CHECK(sum_of(budget) <= other);
            CHECK(budget.open_max >= 1);
            CHECK(budget.hold_bytes >= k_floor * 3 / 8);
            CHECK(budget.prefetch_cap_bytes == made.prefetch_cap_bytes);
            CHECK(budget.producer_bytes == made.producer_bytes);
        }
        CHECK(redivide(made, share).hold_bytes == made.hold_bytes);
        CHECK(redivide(made, share).open_max == made.open_max);
    }
}

TEST_CASE("workers that start get what those that run can do without", "[budget]") {
    using Least = std::vector<std::uint64_t>;
    SECTION("nobody runs yet: evenly") {
        CHECK(fair_share(256 * k_mib, {}, 4) == 64 * k_mib);
    }
    SECTION("all can shrink far enough: evenly") {
        CHECK(fair_share(256 * k_mib, Least{least_share(256 * k_mib)}, 3) == 64 * k_mib);
    }
    SECTION("some cannot: they keep their least, the others divide the rest evenly") {
        CHECK(fair_share(200 * k_mib, Least{100 * k_mib, 20 * k_mib}, 3) == 25 * k_mib);
        CHECK(fair_share(200 * k_mib, Least{100 * k_mib, 40 * k_mib}, 3) == 20 * k_mib);
    }
    SECTION("there is not enough") {
        CHECK(fair_share(100 * k_mib, Least{60 * k_mib, 30 * k_mib}, 2) < k_floor);
        CHECK(fair_share(100 * k_mib, Least{120 * k_mib}, 1) == 0);
    }
    SECTION("whatever runs, the sum stays within the limit") {
        const std::size_t fresh = GENERATE(0U, 1U, 7U);
        const Least least{51 * k_mib, 27 * k_mib, 27 * k_mib, 8 * k_mib};
        const std::uint64_t share = fair_share(200 * k_mib, least, fresh);
        std::uint64_t sum = share * fresh;
        for (const std::uint64_t own : least) {
            sum += std::max(own, share);
        }
        CHECK(sum <= 200 * k_mib);
        CHECK(share >= k_floor);
    }
    CHECK(fair_share(256 * k_mib, {}, 0) == 0);
}
