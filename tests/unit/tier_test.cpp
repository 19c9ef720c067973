#include "core/tier.h"

#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

TEST_CASE("the time to a partition's head and the memory decide its tier", "[tier]") {
    struct Row {
        Milliseconds until_due;
        Tier with_memory;
        Tier when_tight;
    };
    const Row row = GENERATE(Row{-24h, Tier::hot, Tier::hot}, Row{0ms, Tier::hot, Tier::hot},
                             Row{4'999ms, Tier::hot, Tier::hot}, Row{5'000ms, Tier::warm, Tier::cold},
                             Row{59'999ms, Tier::warm, Tier::cold}, Row{60'000ms, Tier::cold, Tier::cold},
                             Row{720h, Tier::cold, Tier::cold});
    INFO("due in " << row.until_due.count() << " ms");
    CHECK(tier_for(row.until_due, false, TierTimes{}) == row.with_memory);
    CHECK(tier_for(row.until_due, true, TierTimes{}) == row.when_tight);
}

TEST_CASE("a partition that goes cold has time to come back before its head is due", "[tier]") {
    const TierTimes times;
    CHECK(times.resume_ahead >= 2s);  // a resume takes up to 1 s to deliver
    CHECK(times.resume_ahead <
          times.read_ahead);  // else it would go cold again at once, when memory is tight
    CHECK(times.refill < times.read_ahead);
    CHECK(times.refill >= 1'500ms);  // what the hold must never fall below
}
