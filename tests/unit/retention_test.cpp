// How long a record may wait in a topic that Kafka empties.
#include "core/retention.h"

#include "core/lap.h"
#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

namespace {

constexpr WallTime k_now{Milliseconds(1'700'000'000'123)};

}  // namespace

TEST_CASE("a tenth of what Kafka keeps is not waited for, an hour at most", "[retention]") {
    CHECK(retention_margin(0ms) == 0ms);
    CHECK(retention_margin(100s) == 10s);
    CHECK(retention_margin(10h) == 1h);
    CHECK(retention_margin(7 * 24h) == 1h);
}

TEST_CASE("a record may wait from its timestamp on, for ever when nothing is known", "[retention]") {
    CHECK(safe_until(k_now, 100s) == k_now + 90s);
    CHECK(safe_until(k_now, 0ms) == k_now);
    CHECK(safe_until(k_now, std::nullopt) == WallTime::max());
    CHECK(safe_until(std::nullopt, 100s) == WallTime::max());
    CHECK(safe_until(k_now, Milliseconds::max()) == WallTime::max());
    CHECK(safe_until(WallTime::max() - 1s, 100s) == WallTime::max());
}

TEST_CASE("only laps that end while Kafka keeps their records are used", "[retention]") {
    struct Row {
        std::optional<Milliseconds> keeps;
        std::int32_t partitions;
        std::int32_t laps;
    };
    const Row row =
        GENERATE(Row{std::nullopt, 12, 12}, Row{std::nullopt, 30, k_laps_most}, Row{std::nullopt, 0, 0},
                 Row{0ms, 12, 0}, Row{199'998ms, 12, 0}, Row{200s, 12, 1}, Row{7 * 24h, 20, 14},
                 Row{7 * 24h, 12, 12}, Row{Milliseconds::max(), 1'000, k_laps_most});
    INFO((row.keeps ? row.keeps->count() : -1) << " ms, " << row.partitions << " partitions");
    CHECK(laps_kept(row.partitions, row.keeps) == row.laps);
}
