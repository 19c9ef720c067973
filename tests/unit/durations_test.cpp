#include "core/durations.h"
#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

TEST_CASE("lateness is counted in the bucket whose upper bound it does not exceed", "[lateness]") {
    struct Row {
        Milliseconds late;
        std::size_t bucket;
    };
    const Row row = GENERATE(Row{0ms, 0}, Row{1ms, 0}, Row{2ms, 1}, Row{3ms, 2}, Row{4ms, 2}, Row{5ms, 3},
                             Row{1'024ms, 10}, Row{1'025ms, 11}, Row{65'536ms, 16}, Row{65'537ms, 17},
                             Row{720h, 17}, Row{-5ms, 0});
    Durations lateness;
    lateness.observe(row.late);
    for (std::size_t i = 0; i < Durations::k_buckets; ++i) {
        INFO("late " << row.late.count() << " ms, bucket " << i);
        CHECK(lateness.count(i) == (i == row.bucket ? 1 : 0));
    }
    CHECK(lateness.total() == 1);
}

TEST_CASE("lateness keeps its sum and its largest value", "[lateness]") {
    Durations lateness;
    lateness.observe(7ms);
    lateness.observe(70'000ms);
    lateness.observe(3ms);
    CHECK(lateness.sum_us() == 70'010'000);
    CHECK(lateness.max_ms() == 70'000);
}

TEST_CASE("a quantile of the lateness is the upper bound of its bucket", "[lateness]") {
    Durations lateness;
    CHECK(lateness.quantile_ms(0.5) == 0);
    for (int i = 0; i < 98; ++i) {
        lateness.observe(3ms);
    }
    lateness.observe(100ms);
    lateness.observe(90'000ms);
    CHECK(lateness.quantile_ms(0) == 4);
    CHECK(lateness.quantile_ms(0.5) == 4);
    CHECK(lateness.quantile_ms(0.98) == 4);
    CHECK(lateness.quantile_ms(0.99) == 128);
    // Beyond the last bound it is the largest one seen.
    CHECK(lateness.quantile_ms(1) == 90'000);
}
