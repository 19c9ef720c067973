// When records leave the hold, and in which order.
#include <algorithm>

#include "support/catch.hpp"
#include "unit/pipeline_world.h"

using namespace laterd::tests;
using namespace std::chrono_literals;

namespace {

using Offsets = std::vector<Offset>;

Offsets up_to(Offset end) {
    Offsets all;
    for (Offset offset = 0; offset < end; ++offset) {
        all.push_back(offset);
    }
    return all;
}

// When `offset` was released the first time, since the start.
Milliseconds released_at(const PipelineWorld& world, Slot slot, Offset offset) {
    for (const Release& each : world.releases) {
        if (each.slot == slot && each.offset == offset) {
            return each.at - PipelineWorld::k_start_wall;
        }
    }
    FAIL("offset " << offset << " was not released");
    return {};
}

}  // namespace

TEST_CASE("a record is released at its due time and not a millisecond before", "[pipeline]") {
    const Milliseconds due = GENERATE(1ms, 999ms, 4'999ms, 5'000ms, 30s, 61s, 15min, 720h);
    PipelineWorld world;
    world.produce(0, {.due = due});
    world.assign();
    world.advance(due - 1ms);
    CHECK(world.released(0).empty());
    world.advance(1ms);
    CHECK(world.released(0) == Offsets{0});
    CHECK(world.counters.released.get() == 1);
    CHECK(world.counters.lateness.max_ms() == 0);
}

TEST_CASE("a record that is overdue is released at once", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = -24h});
    world.produce(0, {.due = 0ms});
    world.assign();
    CHECK(world.released(0) == Offsets{0, 1});
    CHECK(world.counters.lateness.max_ms() == 86'400'000);
}

TEST_CASE("a wall clock that is stepped back holds records until it is time again", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 2s});
    world.assign();
    world.advance(1'999ms);
    world.step_wall(-10s);
    world.advance(10'000ms);
    CHECK(world.released(0).empty());
    world.advance(1ms);
    CHECK(world.released(0) == Offsets{0});
}

TEST_CASE("a wall clock that is stepped forward releases what it makes due", "[pipeline]") {
    const Milliseconds due = GENERATE(4s, 30s, 2h);  // hot, warm, cold
    PipelineWorld world;
    world.produce(0, {.due = due});
    world.assign();
    world.advance(1s);
    world.step_wall(due - 1s);
    world.advance(200ms);  // a cold partition has to be opened again
    CHECK(world.released(0) == Offsets{0});
}

TEST_CASE("records of a partition are released in order, whatever their due times", "[pipeline]") {
    PipelineWorld world;
    const std::vector<Milliseconds> due{3s, 1s, 4s, 1s, 5s, 9s, 2s, 6s, 0s};
    for (const Milliseconds each : due) {
        world.produce(0, {.due = each});
    }
    world.assign();
    world.advance(10s);
    CHECK(world.released(0) == up_to(9));
    // Each one as soon as it and its predecessors are due.
    Milliseconds latest{0};
    for (std::size_t i = 0; i < due.size(); ++i) {
        latest = std::max(latest, due[i]);
        CHECK(released_at(world, 0, static_cast<Offset>(i)) == latest);
    }
    // Waiting for a predecessor is not lateness.
    CHECK(world.counters.lateness.max_ms() == 0);
}

TEST_CASE("a record far in the future delays nothing in another partition", "[pipeline]") {
    PipelineWorld world({}, 3);
    world.produce(0, {.due = 720h});
    for (int i = 1; i <= 50; ++i) {
        world.produce(0, {.due = i * 100ms});  // behind it
        world.produce(1, {.due = i * 100ms});
        world.produce(2, {.due = i * 10s});
    }
    world.assign();
    world.advance(501s);
    CHECK(world.released(0).empty());
    CHECK(world.released(1) == up_to(50));
    CHECK(world.released(2) == up_to(50));
    CHECK(world.counters.lateness.max_ms() == 0);
}

TEST_CASE("due partitions are released in turn", "[pipeline]") {
    PipelineWorld world({.release_max = 400, .visit_max = 100}, 3);
    for (Slot slot = 0; slot < 3; ++slot) {
        for (int i = 0; i < 1'000; ++i) {
            world.produce(slot, {.due = 0ms});
        }
    }
    world.assign();
    for (Slot slot = 0; slot < 3; ++slot) {
        CHECK(world.released(slot) == up_to(1'000));
    }
    // No partition is more than a visit ahead of another before it is done.
    std::array<int, 3> count{};
    int furthest = 0;
    for (const Release& each : world.releases) {
        ++count.at(each.slot);
        const auto [least, most] = std::minmax_element(count.begin(), count.end());
        furthest = std::max(furthest, *most - *least);
    }
    CHECK(furthest <= 512);  // what one read brings before the others have read
}

TEST_CASE("a tick releases no more than its share", "[pipeline]") {
    PipelineWorld world({.release_max = 50, .visit_max = 20}, 1);
    for (int i = 0; i < 300; ++i) {
        world.produce(0, {.due = 1s});
    }
    world.assign();
    world.advance(999ms);
    world.now.wall += 1ms;
    world.now.steady += 1ms;
    world.pipeline.tick(world.now);
    CHECK(world.pipeline.commands().deliveries.size() == 50);
    CHECK(world.pipeline.commands().wake_wall <= world.now.wall);  // and asks for the next turn
}

TEST_CASE("no more than so many records of a partition are in flight", "[pipeline]") {
    PipelineWorld world({.in_flight_max = 10});
    for (int i = 0; i < 100; ++i) {
        world.produce(0, {.due = 0ms});
    }
    world.sink.reset();
    world.assign();
    CHECK(world.released(0) == up_to(10));
    world.answer(0, Outcome::Result::delivered);
    CHECK(world.released(0) == up_to(11));
    world.sink = Outcome::Result::delivered;
    world.settle();
    CHECK(world.released(0) == up_to(100));
}

TEST_CASE("what lies behind a gap in the offsets is released as well", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 1s});
    world.produce_invisible(0, 7);
    world.produce(0, {.due = 1s});
    world.produce_invisible(0, 2);
    world.assign();
    world.advance(3s);
    CHECK(world.released(0) == Offsets{0, 8});
    CHECK(world.logs[0].committed == 11);  // the control records at the end are committed past
}
