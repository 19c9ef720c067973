#include "core/lap.h"

#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

namespace {

constexpr WallTime k_now{Milliseconds(1'700'000'000'123)};

}  // namespace

TEST_CASE("a record goes to the largest lap that ends in time for it", "[lap]") {
    struct Row {
        Milliseconds until_due;
        std::int32_t partitions;
        std::optional<std::int32_t> lap;
    };
    const Row row = GENERATE(
        Row{-1h, 12, std::nullopt}, Row{0ms, 12, std::nullopt}, Row{119'999ms, 12, std::nullopt},
        Row{120'000ms, 12, std::nullopt}, Row{120'001ms, 12, 0}, Row{129'999ms, 12, 0}, Row{130'000ms, 12, 1},
        Row{249'999ms, 12, 1}, Row{250'000ms, 12, 2}, Row{24h, 12, 10}, Row{24h, 4, 3}, Row{24h, 1, 0},
        Row{24h, 0, std::nullopt}, Row{24h, -1, std::nullopt}, Row{24h * 20'000, 1'000, 19});
    INFO("due in " << row.until_due.count() << " ms, " << row.partitions << " partitions");
    CHECK(lap_for(k_now + row.until_due, k_now, row.partitions) == row.lap);
}

TEST_CASE("no instant is too far away or too long ago for a lap to be chosen", "[lap]") {
    CHECK(lap_for(WallTime::max(), k_now, 12) == 11);
    CHECK(lap_for(WallTime::min(), k_now, 12) == std::nullopt);
}

TEST_CASE("a lap ends before its record is due, and twelve partitions bring a day home in twelve hops",
          "[lap]") {
    constexpr std::int32_t k_partitions = 12;
    const WallTime due = k_now + 24h;
    for (Milliseconds until_due = k_far_away; until_due <= 24h; until_due += 7'321ms) {
        WallTime now = due - until_due;
        int hops = 0;
        while (const auto lap = lap_for(due, now, k_partitions)) {
            now += lap_length(*lap);
            ++hops;
            REQUIRE(now + k_lap_margin <= due);
            // Read again as late as a record of the smallest lap may be.
            now += 1s;
        }
        REQUIRE(due - now <= k_far_away);
        REQUIRE(hops <= 12);
    }
}
