// Assignments from their first question to their end: start positions, commits, revoking, losing, waking up, draining.
#include <algorithm>

#include "support/catch.hpp"
#include "unit/pipeline_world.h"

using namespace laterd::tests;
using namespace std::chrono_literals;

namespace {

using Offsets = std::vector<Offset>;
using Result = Outcome::Result;
using Kind = Notice::Kind;

void produce_due(PipelineWorld& world, Slot slot, int count) {
    for (int i = 0; i < count; ++i) {
        world.produce(slot, {.due = 0ms});
    }
}

}  // namespace

// --- the start -----------------------------------------------------------------------------------------------------

TEST_CASE("a start position is committed before the first record is admitted", "[pipeline]") {
    const StartPolicy start = GENERATE(StartPolicy::earliest, StartPolicy::latest);
    const Offset first = start == StartPolicy::latest ? 5 : 0;
    PipelineWorld world({.start = start});
    world.logs[0].committed.reset();
    produce_due(world, 0, 5);
    world.commits.reset();  // the group's answer is missing
    world.assign();
    world.produce(0, {.due = 0ms});
    world.advance(3s);
    CHECK(world.counters.consumed.get() == 0);
    CHECK_FALSE(world.is_reading(0));
    REQUIRE_FALSE(world.requests.empty());
    CHECK(world.requests.front().entries.front().offset == first);
    // Asked again after the commit's time is up, with the same position, not with the log's end of today.
    world.commits = CommitAnswer::Result::ok;
    world.advance(10s);
    CHECK(std::all_of(world.requests.begin(), world.requests.begin() + 2,
                      [first](const CommitRequest& each) { return each.entries.front().offset == first; }));
    CHECK(world.counters.consumed.get() == (start == StartPolicy::latest ? 1u : 6u));
    CHECK(world.logs[0].committed == 6);
}

TEST_CASE("a start position whose commit fails is committed again before anything is read", "[pipeline]") {
    PipelineWorld world({.start = StartPolicy::latest});
    world.logs[0].committed.reset();
    produce_due(world, 0, 5);
    world.commits = CommitAnswer::Result::failed;
    world.assign();
    world.advance(3s);
    CHECK(world.counters.consumed.get() == 0);
    CHECK(world.requests.size() > 1);
    CHECK(world.counters.commit_errors.get() > 1);
    world.commits = CommitAnswer::Result::ok;
    world.advance(3s);
    world.produce(0, {.due = 0ms});
    world.advance(2s);
    CHECK(world.released(0) == Offsets{5});
}

TEST_CASE("a committed offset that was not found out in time is asked for again", "[pipeline]") {
    PipelineWorld world({.start = StartPolicy::latest});
    produce_due(world, 0, 5);
    world.logs[0].committed = 2;
    world.look_ups = GENERATE(PipelineWorld::Answers::unknown, PipelineWorld::Answers::never);
    world.assign();
    world.advance(30s);
    CHECK(world.look_ups_asked >= 3);
    CHECK(world.look_ups_asked <= 200);
    CHECK(world.requests.empty());  // never taken for "none"
    world.look_ups = PipelineWorld::Answers::at_once;
    world.advance(11s);
    CHECK(world.released(0) == Offsets{2, 3, 4});
}

TEST_CASE("one partition whose position is not known yet does not keep the others", "[pipeline]") {
    PipelineWorld world({}, 2);
    produce_due(world, 0, 1);
    produce_due(world, 1, 1);
    world.look_ups = PipelineWorld::Answers::never;
    world.assign();
    const Position known{.slot = 1,
                         .epoch = world.pipeline.epoch(1),
                         .known = true,
                         .committed = 0,
                         .low = 0,
                         .high = 1,
                         .partitions = 2};
    world.pipeline.positions(world.now, std::span(&known, 1));
    world.advance(1s);
    CHECK(world.released(1) == Offsets{0});
    CHECK(world.released(0).empty());
    world.look_ups = PipelineWorld::Answers::at_once;
    world.advance(15s);
    CHECK(world.released(0) == Offsets{0});
    CHECK(world.released(1) == Offsets{0});
}

TEST_CASE("reading goes on at the committed offset", "[pipeline]") {
    PipelineWorld world;
    produce_due(world, 0, 5);
    world.logs[0].committed = 3;
    world.assign();
    world.advance(2s);
    CHECK(world.released(0) == Offsets{3, 4});
}

TEST_CASE("records that the broker deleted before their time are counted and told", "[pipeline]") {
    PipelineWorld world;
    for (int i = 0; i < 10; ++i) {
        world.produce(0, {.due = 10s});
    }
    SECTION("before they were read") {
        world.logs[0].low = 6;
        world.assign();
        world.advance(11s);
        CHECK(world.released(0) == Offsets{6, 7, 8, 9});
        CHECK(world.counters.lost.get() == 6);
    }
    SECTION("while the partition was cold") {
        world.logs[0].records.clear();
        world.logs[0].high = 0;
        for (int i = 0; i < 10; ++i) {
            world.produce(0, {.due = 1h, .bytes = 8'000});  // more than a cold partition keeps
        }
        world.assign();
        world.advance(10s);
        world.logs[0].low = 6;
        world.logs[0].records.erase(world.logs[0].records.begin(), world.logs[0].records.find(6));
        world.advance(1h);
        CHECK(world.released(0) == Offsets{6, 7, 8, 9});
        CHECK(world.counters.lost.get() == 6);
    }
    CHECK(world.has_notice(Kind::records_lost));
    CHECK(world.logs[0].committed == 10);
}

TEST_CASE("a position above the log's end stops the partition or moves, as the route says", "[pipeline]") {
    const OutOfRange out_of_range = GENERATE(OutOfRange::stop, OutOfRange::earliest, OutOfRange::latest);
    PipelineWorld world({.out_of_range = out_of_range}, 2);
    produce_due(world, 0, 3);
    produce_due(world, 1, 3);
    world.logs[0].committed = 50;  // the topic was created anew
    world.assign();
    world.advance(2s);
    CHECK(world.released(1) == Offsets{0, 1, 2});
    switch (out_of_range) {
        case OutOfRange::stop:
            CHECK(world.has_notice(Kind::position_stopped));
            CHECK(world.released(0).empty());
            CHECK(world.logs[0].committed == 50);
            break;
        case OutOfRange::earliest:
            CHECK(world.has_notice(Kind::position_moved));
            CHECK(world.released(0) == Offsets{0, 1, 2});
            CHECK(world.logs[0].committed == 3);
            break;
        case OutOfRange::latest:
            CHECK(world.has_notice(Kind::position_moved));
            CHECK(world.released(0).empty());
            CHECK(world.logs[0].committed == 3);
            break;
    }
}

// --- commits --------------------------------------------------------------------------------------------------------

TEST_CASE("what has settled is committed within the interval though the next record waits", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 0ms});
    world.produce(0, {.due = 2s});
    world.produce(0, {.due = 1h});
    world.assign();
    world.advance(1'100ms);
    CHECK(world.logs[0].committed == 1);
    world.advance(2s);
    CHECK(world.logs[0].committed == 2);
    const std::size_t requests = world.requests.size();
    world.advance(30min);
    CHECK(world.requests.size() == requests);  // and nothing is committed while nothing settles
}

TEST_CASE("there is at most one commit per interval", "[pipeline]") {
    PipelineWorld world({.commit_interval = 1s});
    for (int i = 0; i < 1'000; ++i) {
        world.produce(0, {.due = i * 10ms});
    }
    world.assign();
    world.advance(12s);
    CHECK(world.logs[0].committed == 1'000);
    CHECK(world.requests.size() <= 13);
}

TEST_CASE("a commit that failed or was not answered is sent again", "[pipeline]") {
    PipelineWorld world;
    produce_due(world, 0, 3);
    world.assign();
    SECTION("failed") {
        world.commits = CommitAnswer::Result::failed;
    }
    SECTION("not answered") {
        world.commits.reset();
    }
    world.logs[0].committed = 0;
    produce_due(world, 0, 2);
    world.advance(5s);
    world.commits = CommitAnswer::Result::ok;
    world.advance(11s);
    CHECK(world.logs[0].committed == 5);
}

// --- the end of an assignment ----------------------------------------------------------------------------------------

TEST_CASE("revoking commits what has settled and gives the partitions up at once when nothing is in flight",
          "[pipeline]") {
    PipelineWorld world({}, 2);
    produce_due(world, 0, 3);
    world.produce(1, {.due = 1h});
    world.assign();
    world.revoke();
    CHECK(world.unassigned_at == 0ms);
    CHECK(world.logs[0].committed == 3);
    CHECK(world.logs[1].committed == 0);
    CHECK(world.pipeline.bytes() == 0);
    CHECK(world.duplicates(DuplicateCause::revoked) == 0);
    CHECK(world.pipeline.partition(0) == nullptr);
}

TEST_CASE("revoking waits for what is in flight, at most 2 s", "[pipeline]") {
    PipelineWorld world;
    produce_due(world, 0, 3);
    world.sink.reset();
    world.assign();
    REQUIRE(world.waiting_for_sink(0) == 3);
    world.revoke();
    world.advance(1s);
    CHECK_FALSE(world.unassigned_at.has_value());
    world.answer(0, Result::delivered);
    SECTION("given up when the time is over, and counted") {
        world.advance(999ms);
        CHECK_FALSE(world.unassigned_at.has_value());
        world.advance(1ms);
        CHECK(world.unassigned_at == 2'000ms);
        CHECK(world.logs[0].committed == 1);
        CHECK(world.duplicates(DuplicateCause::revoked) == 2);
        CHECK(world.has_notice(Kind::duplicates));
        SECTION("what is answered later settles nothing and gives its memory back") {
            CHECK(world.pipeline.bytes() > 0);
            world.sink = Result::delivered;
            world.settle();
            CHECK(world.pipeline.bytes() == 0);
            CHECK(world.counters.delivered.get() == 1);
            CHECK(world.logs[0].committed == 1);
        }
    }
    SECTION("over as soon as the last one is answered") {
        world.answer(0, Result::delivered);
        world.answer(0, Result::delivered);
        CHECK(world.unassigned_at == 1'000ms);
        CHECK(world.logs[0].committed == 3);
        CHECK(world.duplicates(DuplicateCause::revoked) == 0);
    }
}

TEST_CASE("nothing is released once the partitions are asked back", "[pipeline]") {
    PipelineWorld world;
    produce_due(world, 0, 1);
    world.produce(0, {.due = 500ms});
    world.sink.reset();
    world.assign();
    world.revoke();
    world.advance(1s);
    CHECK(world.released(0) == Offsets{0});
}

TEST_CASE("an outcome of an earlier assignment settles nothing in the next one", "[pipeline]") {
    PipelineWorld world;
    produce_due(world, 0, 2);
    world.sink.reset();
    world.assign();
    const Epoch before = world.pipeline.epoch(0);
    world.lose();
    CHECK(world.duplicates(DuplicateCause::lost) == 2);
    world.assign();
    CHECK(world.pipeline.epoch(0) > before);
    REQUIRE(world.waiting_for_sink(0) == 4);
    // The two old ones are answered first.
    world.answer(0, Result::delivered);
    world.answer(0, Result::delivered);
    world.logs[0].settled.clear();  // as far as this assignment is concerned
    world.advance(2s);
    CHECK(world.logs[0].committed == 0);
    CHECK(world.pipeline.in_flight() == 2);
    world.sink = Result::delivered;
    world.advance(2s);
    CHECK(world.logs[0].committed == 2);
    CHECK(world.pipeline.bytes() == 0);
    CHECK(world.counters.delivered.get() == 2);
}

TEST_CASE("a lost assignment commits nothing", "[pipeline]") {
    PipelineWorld world;
    produce_due(world, 0, 2);
    world.assign();
    const std::size_t requests = world.requests.size();
    produce_due(world, 0, 2);
    world.settle();
    world.lose();
    world.advance(30s);
    CHECK(world.requests.size() == requests);
    CHECK(world.unassigned_at.has_value());
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a held partition that comes back is read from its commit and released on time", "[pipeline]") {
    PipelineWorld world({}, 2);
    for (Slot slot = 0; slot < 2; ++slot) {
        world.produce(slot, {.due = 0ms});
        world.produce(slot, {.due = 10s});
        world.produce(slot, {.due = 2h});
    }
    world.assign();
    world.advance(2s);
    world.revoke();
    world.advance(1s);
    world.assign();
    world.advance(2h);
    for (Slot slot = 0; slot < 2; ++slot) {
        CHECK(world.released(slot) == Offsets{0, 1, 2});
    }
    CHECK(world.counters.lateness.max_ms() == 0);
}

// --- suspended ------------------------------------------------------------------------------------------------------

TEST_CASE("after a suspension nothing is released until the group has answered a commit", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 0ms});
    world.produce(0, {.due = 1s});
    world.assign();
    world.advance(200ms);
    world.commits.reset();
    world.now.wall += 1h;
    world.now.steady += 1h;
    world.pipeline.suspended(world.now);
    world.advance(30s);
    CHECK(world.has_notice(Kind::suspended));
    CHECK(world.released(0) == Offsets{0});
    SECTION("with a good answer it goes on") {
        world.commits = CommitAnswer::Result::ok;
        world.advance(11s);  // an unanswered commit is sent again after 10 s
        CHECK(world.has_notice(Kind::unsuspended));
        CHECK(world.released(0) == Offsets{0, 1});
    }
    SECTION("with the answer that it is no member any more it stays, until it has lost the partitions") {
        world.commits = CommitAnswer::Result::not_member;
        world.advance(15s);
        CHECK(world.released(0) == Offsets{0});
        world.lose();
        world.commits = CommitAnswer::Result::ok;
        world.logs[0].committed = 2;  // another daemon had it
        world.assign();
        world.produce(0, {.due = 0ms});
        world.advance(2s);
        CHECK(world.released(0) == Offsets{0, 2});
    }
}

TEST_CASE("an answer to a commit from before the suspension proves nothing", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 0ms});
    world.produce(0, {.due = 3s});
    world.assign();
    world.commits.reset();
    world.advance(2s);
    REQUIRE_FALSE(world.requests.empty());
    const std::uint64_t before = world.requests.back().id;
    world.now.wall += 1h;
    world.now.steady += 1h;
    world.pipeline.suspended(world.now);
    const CommitAnswer late{
        .slot = 0, .epoch = world.pipeline.epoch(0), .offset = 1, .result = CommitAnswer::Result::ok};
    world.pipeline.committed(world.now, before, std::span(&late, 1));
    world.settle();
    CHECK_FALSE(world.has_notice(Kind::unsuspended));
    CHECK(world.released(0) == Offsets{0});
}

// --- drain ----------------------------------------------------------------------------------------------------------

TEST_CASE("a drain while everything waits is over at once and commits exactly what has settled",
          "[pipeline]") {
    PipelineWorld world({}, 2);
    for (Slot slot = 0; slot < 2; ++slot) {
        world.produce(slot, {.due = 0ms});
        world.produce(slot, {.due = 1h});
    }
    world.assign();
    world.pipeline.drain(world.now);
    world.settle();
    CHECK(world.drained);
    CHECK(world.logs[0].committed == 1);
    CHECK(world.logs[1].committed == 1);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a drain settles what is in flight and releases nothing new", "[pipeline]") {
    PipelineWorld world({.drain_timeout = 20s});
    produce_due(world, 0, 2);
    world.produce(0, {.due = 1s});
    world.sink.reset();
    world.assign();
    world.pipeline.drain(world.now);
    world.advance(5s);
    CHECK_FALSE(world.drained);
    CHECK(world.released(0) == Offsets{0, 1});
    SECTION("to the end") {
        world.sink = Result::delivered;
        world.settle();
        CHECK(world.drained);
        CHECK(world.logs[0].committed == 2);
    }
    SECTION("or until its time is over") {
        world.advance(16s);
        CHECK(world.drained);
        CHECK(world.logs[0].committed == 0);
        CHECK(world.duplicates(DuplicateCause::revoked) == 2);
    }
}

TEST_CASE("a drain waits for the answer of its last commit, and tries again when it failed", "[pipeline]") {
    PipelineWorld world({.drain_timeout = 20s});
    produce_due(world, 0, 2);
    world.assign();
    world.commits = CommitAnswer::Result::failed;
    world.produce(0, {.due = 0ms});
    world.settle();
    world.pipeline.drain(world.now);
    world.advance(1s);
    CHECK_FALSE(world.drained);
    world.commits = CommitAnswer::Result::ok;
    world.advance(1s);
    CHECK(world.drained);
    CHECK(world.logs[0].committed == 3);
}

TEST_CASE("a drain without an assignment is over at once", "[pipeline]") {
    PipelineWorld world;
    world.pipeline.drain(world.now);
    world.settle();
    CHECK(world.drained);
}
