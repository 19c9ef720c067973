// Flow control: what waiting partitions cost, when they come back, and the budget.
#include <algorithm>

#include "support/catch.hpp"
#include "unit/pipeline_world.h"

using namespace laterd::tests;
using namespace std::chrono_literals;

namespace {

using Offsets = std::vector<Offset>;

constexpr std::uint64_t k_mib = 1 << 20;

}  // namespace

TEST_CASE("a partition whose head is far away goes cold and keeps next to nothing", "[pipeline]") {
    PipelineWorld world;
    for (int i = 0; i < 1'000; ++i) {
        world.produce(0, {.due = 15min + i * 1ms});
    }
    world.assign();
    world.advance(1s);
    CHECK_FALSE(world.is_reading(0));
    CHECK(world.pipeline.bytes() <= 16 << 10);
    CHECK(world.pipeline.partition(0)->head_due() == PipelineWorld::k_start_wall + 15min);
    SECTION("it is resumed about 3 s before its head is due, and read again") {
        world.advance(15min - 1s - 3'100ms);
        CHECK_FALSE(world.is_reading(0));
        world.advance(200ms);
        CHECK(world.is_reading(0));
        CHECK(world.resumed_at[0] >= 15min - 3'100ms);
        CHECK(world.resumed_at[0] <= 15min - 2'900ms);
        world.advance(5s);
        CHECK(world.released(0).size() == 1'000);
        CHECK(world.counters.lateness.max_ms() == 0);
        CHECK(world.logs[0].committed == 1'000);
        CHECK(world.pipeline.bytes() == 0);
    }
    SECTION("and does not wake anybody in between") {
        const std::uint64_t commits = world.counters.commits.get();
        const std::size_t opened = world.resumed_at.size();
        world.advance(14min);
        CHECK(world.counters.commits.get() == commits);
        CHECK(world.resumed_at.size() == opened);
    }
}

TEST_CASE("a cold partition keeps its records when they are few", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 15min});
    world.produce(0, {.due = 15min});
    world.assign();
    world.advance(1s);
    CHECK_FALSE(world.is_reading(0));
    CHECK(world.pipeline.bytes() == 2'000);
    CHECK(world.pipeline.partition(0)->ledger.position() == 2);
    world.advance(15min);
    CHECK(world.released(0) == Offsets{0, 1});
    CHECK(world.counters.consumed.get() == 2);  // never read twice
}

TEST_CASE("a steady stream is held for seconds of its delay, not for all of it", "[pipeline]") {
    PipelineWorld world;
    // 100 records a second, 15 minutes' worth waiting, and the oldest is due in 10 s.
    for (int i = 0; i < 90'000; ++i) {
        world.produce(0, {.due = 10s + i * 10ms});
    }
    world.assign();
    world.advance(15min);
    CHECK(world.released(0).size() == 89'001);
    CHECK(world.counters.lateness.max_ms() == 0);
    // 5 s ahead and what one read brings.
    CHECK(world.bytes_most <= (500 + 512) * 1'000);
}

TEST_CASE("memory above its soft limit makes warm partitions cold", "[pipeline]") {
    const bool tight = GENERATE(false, true);
    PipelineWorld world({.hold_bytes = 4 * k_mib}, 2);
    world.produce(0, {.due = 30s});  // warm
    for (int i = 0; i < 100; ++i) {
        world.produce(1, {.due = 4s, .bytes = tight ? 35'000u : 1'000u});
    }
    world.assign();
    world.advance(2s);
    CHECK(world.is_reading(0) == !tight);
    world.advance(30s);
    CHECK(world.released(0) == Offsets{0});
    CHECK(world.counters.lateness.max_ms() == 0);
}

TEST_CASE("no more partitions than allowed are open at a time, and none is late for it", "[pipeline]") {
    constexpr Slot k_partitions = 200;
    PipelineWorld world({.open_max = 16}, k_partitions);
    for (Slot slot = 0; slot < k_partitions; ++slot) {
        world.produce(slot, {.due = 10min});
    }
    world.assign();
    world.advance(9min);
    CHECK(world.counters.consumed.get() == k_partitions);  // every head is known by now
    world.advance(61s);
    for (Slot slot = 0; slot < k_partitions; ++slot) {
        INFO("slot " << slot);
        CHECK(world.released(slot) == Offsets{0});
    }
    CHECK(world.open_most <= 16);
    CHECK(world.counters.lateness.max_ms() <= 1'000);
}

TEST_CASE("partitions with more than their heads due in the same second come out in waves on budget",
          "[pipeline]") {
    constexpr Slot k_partitions = 100;
    PipelineWorld world({.hold_bytes = 2 * k_mib, .open_max = 8}, k_partitions);
    for (Slot slot = 0; slot < k_partitions; ++slot) {
        for (int i = 0; i < 100; ++i) {
            world.produce(slot, {.due = 10min});
        }
    }
    world.assign();
    world.advance(10min + 30s);
    CHECK(world.counters.delivered.get() == k_partitions * 100);
    CHECK(world.open_most <= 8);
    CHECK(world.bytes_most <= 2 * k_mib + 8 * 1'000);
    CHECK(world.pipeline.bytes() == 0);
    for (Slot slot = 0; slot < k_partitions; ++slot) {
        CHECK(world.logs[slot].committed == 100);
    }
}

TEST_CASE("a sink that is slower than the source stops reading", "[pipeline]") {
    PipelineWorld world({.hold_bytes = 1 * k_mib}, 2);
    for (Slot slot = 0; slot < 2; ++slot) {
        for (int i = 0; i < 5'000; ++i) {
            world.produce(slot, {.due = 0ms});
        }
    }
    world.sink.reset();
    world.assign();
    world.advance(10s);
    CHECK(world.bytes_most <= 1 * k_mib + 2 * 1'000);
    CHECK(world.counters.consumed.get() < 1'100);
    CHECK(world.counters.hold_full_ms.get() > 0);
    world.sink = Outcome::Result::delivered;
    world.advance(10s);
    CHECK(world.counters.delivered.get() == 10'000);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a record larger than the budget passes alone", "[pipeline]") {
    PipelineWorld world({.hold_bytes = 64 << 10});
    world.produce(0, {.due = 1s});
    world.produce(0, {.due = 1s, .bytes = 10 << 20});
    world.produce(0, {.due = 1s});
    world.assign();
    world.advance(5s);
    CHECK(world.released(0) == Offsets{0, 1, 2});
    CHECK(world.bytes_most <= (10 << 20) + 64 * 1'024);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("the gauges say what waits", "[pipeline]") {
    PipelineWorld world({}, 3);
    world.produce(0, {.due = 4s});
    world.produce(0, {.due = 4s});
    world.produce(1, {.due = 2h});
    world.produce(2, {.due = 0ms, .fate = Fate::stop, .reason = Reason::due_missing});
    world.assign();
    world.advance(1s);
    world.pipeline.measure(world.now);
    CHECK(world.counters.held_records.get() == 3);
    CHECK(world.counters.held_bytes.get() == 3'000);
    CHECK(world.counters.partitions[2].get() == 1);  // cold
    CHECK(world.counters.partitions[3].get() == 1);  // stopped
    CHECK(world.counters.next_due_ms.get() == 1'700'000'004'000);
    world.sink.reset();
    world.advance(5s);
    world.pipeline.measure(world.now);
    CHECK(world.counters.in_flight.get() == 2);
}

TEST_CASE("a smaller budget is kept to as what is held leaves, a larger one at once", "[pipeline]") {
    PipelineWorld world({.hold_bytes = 4 * k_mib, .open_max = 4}, 2);
    for (Slot slot = 0; slot < 2; ++slot) {
        for (int i = 0; i < 6'000; ++i) {
            world.produce(slot, {.due = 1s + i / 1'000 * 20s});
        }
    }
    world.orders = {Order::due, Order::due};
    world.assign();
    world.settle();
    const std::uint64_t full = world.pipeline.bytes();
    REQUIRE(full > 3 * k_mib);
    SECTION("smaller") {
        world.pipeline.resize(world.now, 1 * k_mib, 4);
        world.advance(500ms);
        // Nothing is thrown away, and nothing more is read.
        CHECK(world.pipeline.bytes() == full);
        world.advance(500ms);
        world.bytes_most = 0;
        world.advance(60s);
        CHECK(world.bytes_most <= full);
        world.bytes_most = 0;
        world.advance(80s);
        CHECK(world.bytes_most <= 1 * k_mib + 2 * 1'000);
    }
    SECTION("larger") {
        world.pipeline.resize(world.now, 16 * k_mib, 4);
        world.settle();
        CHECK(world.pipeline.bytes() == 12'000 * 1'000);
    }
    world.advance(120s);
    CHECK(world.counters.delivered.get() == 12'000);
    CHECK(world.counters.lateness.max_ms() < 60'000);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("fewer partitions may be open: those with nothing to do close first, and none is late for it",
          "[pipeline]") {
    constexpr Slot k_partitions = 12;
    PipelineWorld world({.open_max = 12}, k_partitions);
    for (Slot slot = 0; slot < k_partitions; ++slot) {
        world.produce(slot, {.due = slot < 2 ? 1s : 40s});
        world.produce(slot, {.due = slot < 2 ? 1s : 40s});
    }
    world.assign();
    world.settle();
    REQUIRE(world.open_most == 12);
    world.pipeline.resize(world.now, 64 * k_mib, 3);
    world.advance(4s);
    world.open_most = 0;
    world.advance(60s);
    CHECK(world.open_most <= 3);
    CHECK(world.counters.delivered.get() == 2 * k_partitions);
    CHECK(world.counters.lateness.max_ms() <= 2'000);
}

TEST_CASE("a partition that lost its place while it was empty gets one in its turn", "[pipeline]") {
    constexpr Slot k_partitions = 5;
    PipelineWorld world({.open_max = k_partitions}, k_partitions);
    world.assign();
    world.advance(10s);
    world.pipeline.resize(world.now, 64 * k_mib, 1);
    world.advance(10s);
    // Nothing happens in the one that is open.
    std::uint64_t produced = 0;
    for (Slot slot = 0; slot < k_partitions; ++slot) {
        if (!world.is_reading(slot)) {
            world.produce(slot, {});
            ++produced;
        }
    }
    CHECK(produced == k_partitions - 1);
    world.advance(10s);
    CHECK(world.counters.delivered.get() == produced);
}
