// What the pipeline shows of itself.
#include "support/catch.hpp"
#include "unit/pipeline_world.h"

using namespace laterd::tests;
using namespace std::chrono_literals;
using Result = Outcome::Result;

namespace {

std::uint64_t shown(const View& view) {
    std::uint64_t total = 0;
    for (std::size_t bar = 0; bar < DueHistogram::k_bars; ++bar) {
        total += view.due.count(bar);
    }
    return total;
}

}  // namespace

TEST_CASE("a view tells what each partition holds and when it is due", "[pipeline][view]") {
    PipelineWorld world({}, 2);
    world.orders = {Order::due, Order::partition};
    world.produce(0, {.due = 3s, .bytes = 700});
    world.produce(0, {.due = 30min});
    world.produce(0, {.due = 7h});
    world.produce(1, {.due = 0s});
    world.assign();
    const View view = world.pipeline.view(world.now);
    REQUIRE(view.partitions.size() == 2);
    const PartitionView& first = view.partitions[0];
    CHECK(first.slot == 0);
    CHECK(first.has_begun);
    CHECK(first.held == 3);
    CHECK(first.held_bytes == 2'700);
    CHECK(first.next_due == PipelineWorld::k_start_wall + 3s);
    CHECK(first.committable == 0);
    const PartitionView& second = view.partitions[1];
    CHECK(second.held == 0);
    CHECK(second.committable == 1);
    CHECK_FALSE(second.next_due.has_value());
    CHECK(view.due.count(1) == 1);
    CHECK(view.due.count(7) == 1);
    CHECK(view.due.count(19) == 1);
    CHECK_FALSE(view.is_holding);
}

TEST_CASE("a view of very many records is a sample that stands for all of them", "[pipeline][view]") {
    PipelineWorld world({.hold_bytes = 1 << 30});
    world.orders = {Order::due};
    for (int i = 0; i < 30'000; ++i) {
        world.produce(0, {.due = 1h + 1min * (i % 600), .bytes = 100});
    }
    world.assign();
    world.advance(1s);
    const View view = world.pipeline.view(world.now);
    CHECK(view.partitions[0].held == 30'000);
    CHECK(shown(view) == 30'000);
    CHECK(view.due.count(0) == 0);
    for (std::size_t hour = 14; hour < 22; ++hour) {
        INFO("bar " << hour);
        CHECK(view.due.count(hour) > 2'000);
        CHECK(view.due.count(hour) < 4'000);
    }
}

TEST_CASE("a view says why a partition stopped and why the route holds", "[pipeline][view]") {
    PipelineWorld world({}, 2);
    world.produce(0, {.fate = Fate::stop, .reason = Reason::due_missing});
    world.produce(1, {});
    world.sink = Result::not_attempted;
    world.sink_reason = Reason::target_missing;
    world.assign();
    const View view = world.pipeline.view(world.now);
    CHECK(view.partitions[0].state == PartitionState::stopped);
    CHECK(view.partitions[0].stop_reason == Reason::due_missing);
    CHECK(view.is_holding);
    CHECK(view.holding_for == Reason::target_missing);
}
