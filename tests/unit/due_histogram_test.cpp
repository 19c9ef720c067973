#include "core/due_histogram.h"
#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

TEST_CASE("what is due belongs to the bar that ends after it", "[due_histogram]") {
    struct Row {
        Milliseconds from_now;
        std::size_t bar;
    };
    const Row row = GENERATE(Row{-1ms, 0}, Row{-24h, 0}, Row{0ms, 1}, Row{299'999ms, 1}, Row{5min, 2},
                             Row{59min, 12}, Row{60min, 13}, Row{119min, 13}, Row{2h, 14}, Row{24h - 1ms, 35},
                             Row{24h, 36}, Row{24h * 30, 36});
    DueHistogram due;
    due.add(row.from_now, 3);
    for (std::size_t bar = 0; bar < DueHistogram::k_bars; ++bar) {
        INFO(row.from_now.count() << " ms, bar " << bar);
        CHECK(due.count(bar) == (bar == row.bar ? 3 : 0));
    }
    // The same by the ends that are shown.
    const auto end = DueHistogram::end(row.bar);
    CHECK((!end || row.from_now < *end));
    CHECK((row.bar == 0 || row.from_now >= *DueHistogram::end(row.bar - 1)));
}

TEST_CASE("histograms add up bar by bar", "[due_histogram]") {
    DueHistogram one;
    DueHistogram other;
    one.add(1min, 2);
    other.add(1min, 5);
    other.add(48h, 1);
    one.add(other);
    CHECK(one.count(1) == 7);
    CHECK(one.count(36) == 1);
}
