// Deliveries to a handler: concurrency, sequences, retries, dead letters, the guard, and the end with calls under way.
#include "support/catch.hpp"
#include "unit/pipeline_world.h"

using namespace laterd::tests;
using namespace std::chrono_literals;
using Kind = Notice::Kind;
using Result = Outcome::Result;

namespace {

PipelineOptions handler(std::uint32_t concurrency = 64) {
    PipelineOptions options;
    options.sequenced = true;
    options.concurrency = concurrency;
    options.has_dead_letter = true;
    options.retry = {.has_topic = true, .attempts = 3, .backoff = {.steps = {5s}}};
    return options;
}

std::size_t count(const PipelineWorld& world, Purpose purpose) {
    return static_cast<std::size_t>(
        std::count_if(world.releases.begin(), world.releases.end(),
                      [purpose](const Release& each) { return each.purpose == purpose; }));
}

Result fails(const Record& record) {
    return record.purpose == Purpose::deliver ? Result::retry : Result::delivered;
}

}  // namespace

TEST_CASE("no more calls than the concurrency are under way, and they grow gradually",
          "[pipeline][handler]") {
    PipelineWorld world(handler(4));
    for (int i = 0; i < 100; ++i) {
        world.produce(0, {});
    }
    world.sink.reset();
    world.assign();
    CHECK(world.waiting_for_sink(0) == 1);
    world.answer(0, Result::delivered);
    CHECK(world.waiting_for_sink(0) == 2);
    for (int i = 0; i < 10; ++i) {
        world.answer(0, Result::delivered);
    }
    CHECK(world.waiting_for_sink(0) == 4);
    world.sink = Result::delivered;
    world.advance(2s);
    CHECK(world.released(0).size() == 100);
    CHECK(world.logs[0].committed == 100);
}

TEST_CASE("records of one sequence are delivered one after the other, others pass", "[pipeline][handler]") {
    PipelineWorld world(handler());
    for (const std::uint64_t sequence : {1U, 0U, 0U, 1U, 2U, 1U}) {
        world.produce(0, {.sequence = sequence});
    }
    std::vector<Offset> order;
    world.sink.reset();
    world.assign();
    world.answer(0, Result::delivered);  // 0: the gate widens
    world.answer(0, Result::delivered);  // 1
    world.answer(0, Result::delivered);  // 2
    CHECK(world.released(0) == std::vector<Offset>{0, 1, 2, 3, 4});
    world.answer(0, Result::delivered);  // 3
    CHECK(world.released(0) == std::vector<Offset>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a failed delivery becomes a copy in the retry topic, and its neighbours go on",
          "[pipeline][retry]") {
    PipelineWorld world(handler());
    for (int i = 0; i < 10; ++i) {
        world.produce(0, {.sequence = 1});
    }
    world.judge = [](const Record& record) { return record.offset == 3 ? fails(record) : Result::delivered; };
    world.sink_reason = Reason::timeout;
    world.assign();
    world.advance(2s);
    CHECK(world.logs[0].committed == 10);
    const auto copy = std::find_if(world.releases.begin(), world.releases.end(),
                                   [](const Release& each) { return each.purpose == Purpose::retry; });
    REQUIRE(copy != world.releases.end());
    CHECK(copy->offset == 3);
    CHECK(copy->attempts == 1);
    CHECK(copy->reason == Reason::timeout);
    CHECK(copy->copy_due == copy->at + 5s + 1ms);
    CHECK(world.counters.retries.reason[static_cast<std::size_t>(Reason::timeout)].get() == 1);
}

TEST_CASE("the last attempt ends in a dead letter that says so", "[pipeline][retry]") {
    PipelineWorld world(handler());
    world.roles = {Role::retry};
    world.produce(0, {.attempts = 2});
    world.judge = fails;
    world.assign();
    world.advance(2s);
    REQUIRE(world.releases.size() == 2);
    CHECK(world.releases[1].purpose == Purpose::dead_letter);
    CHECK(world.releases[1].attempts == 3);
    CHECK(world.releases[1].reason == Reason::attempts_exhausted);
    CHECK(world.logs[0].committed == 1);
}

TEST_CASE("what the handler asks for counts when it is later", "[pipeline][retry]") {
    PipelineWorld world(handler());
    world.produce(0, {});
    world.judge = fails;
    world.retry_after = 90s;
    world.assign();
    REQUIRE(count(world, Purpose::retry) == 1);
    CHECK(world.releases[1].copy_due == world.releases[1].at + 90s + 1ms);
}

TEST_CASE("while the retry topic cannot be written nothing is settled, and others go on",
          "[pipeline][retry]") {
    PipelineWorld world(handler(), 2);
    for (int i = 0; i < 5; ++i) {
        world.produce(0, {});
        world.produce(1, {});
    }
    bool writable = false;
    world.judge = [&](const Record& record) {
        if (record.purpose == Purpose::retry) {
            return writable ? Result::delivered : Result::not_attempted;
        }
        return record.slot == 0 && record.offset == 0 ? Result::retry : Result::delivered;
    };
    world.assign();
    world.advance(10s);
    CHECK(world.has_notice(Kind::copy_backoff));
    CHECK(world.logs[0].committed == 0);
    CHECK(world.logs[1].committed == 5);
    CHECK(count(world, Purpose::retry) < 30);
    writable = true;
    world.advance(3s);
    CHECK(world.logs[0].committed == 5);
}

TEST_CASE("a retry copy that is refused for good becomes a dead letter", "[pipeline][retry]") {
    PipelineWorld world(handler());
    world.produce(0, {});
    world.judge = [](const Record& record) {
        return record.purpose == Purpose::retry ? Result::rejected : fails(record);
    };
    world.sink_reason = Reason::too_large;
    world.assign();
    world.advance(2s);
    CHECK(world.releases.back().purpose == Purpose::dead_letter);
    CHECK(world.releases.back().reason == Reason::too_large);
    CHECK(world.logs[0].committed == 1);
}

TEST_CASE("without a retry topic a record is tried in place, and only its sequence waits",
          "[pipeline][retry]") {
    PipelineOptions options = handler();
    options.retry = {.has_topic = false, .backoff = {.initial = 1s, .factor = 2, .max = 1min, .jitter = 0}};
    PipelineWorld world(options);
    for (const std::uint64_t sequence : {1U, 1U, 2U, 3U}) {
        world.produce(0, {.sequence = sequence});
    }
    bool mended = false;
    world.judge = [&](const Record& record) {
        return record.offset == 0 && !mended ? Result::retry : Result::delivered;
    };
    world.assign();
    world.advance(500ms);
    CHECK(world.released(0) == std::vector<Offset>{0, 2, 3});
    world.advance(7s);  // after 1, 2 and 4 s
    CHECK(world.released(0) == std::vector<Offset>{0, 2, 3, 0, 0, 0});
    CHECK(world.logs[0].committed == 0);
    mended = true;
    world.advance(10s);
    CHECK(world.released(0) == std::vector<Offset>{0, 2, 3, 0, 0, 0, 0, 1});
    CHECK(world.logs[0].committed == 4);
    CHECK(count(world, Purpose::retry) == 0);
}

TEST_CASE("too old in place: a dead letter, or the partition stops", "[pipeline][retry]") {
    const bool has_dead_letter = GENERATE(true, false);
    PipelineOptions options = handler();
    options.has_dead_letter = has_dead_letter;
    options.retry = {.has_topic = false, .backoff = {.steps = {10s}}, .max_age = 1min};
    PipelineWorld world(options);
    world.produce(0, {});
    world.judge = fails;
    world.assign();
    world.advance(2min);
    CHECK(world.has_notice(Kind::partition_stopped) == !has_dead_letter);
    CHECK(count(world, Purpose::dead_letter) == (has_dead_letter ? 1U : 0U));
    CHECK(world.logs[0].committed == (has_dead_letter ? 1 : 0));
}

TEST_CASE("a handler that is down burns no attempts; one probe at a time asks", "[pipeline][handler]") {
    PipelineWorld world(handler());
    for (int i = 0; i < 50; ++i) {
        world.produce(0, {});
    }
    world.sink = Result::not_attempted;
    world.sink_reason = Reason::handler_down;
    world.assign();
    world.advance(60s);
    CHECK(world.has_notice(Kind::gate_holding));
    CHECK(world.releases.size() < 80);
    CHECK(std::all_of(world.releases.begin(), world.releases.end(),
                      [](const Release& each) { return each.offset == 0 && each.attempts == 0; }));
    world.sink = Result::delivered;
    world.advance(2s);
    CHECK(world.has_notice(Kind::gate_open));
    CHECK(world.logs[0].settled.size() == 50);
}

TEST_CASE("a handler that is gone is asked once a minute", "[pipeline][handler]") {
    PipelineWorld world(handler());
    world.produce(0, {});
    world.sink = Result::not_attempted;
    world.sink_reason = Reason::handler_gone;
    world.assign();
    world.advance(10min + 1s);
    CHECK(world.releases.size() == 11);
}

TEST_CASE("a wrong path does not flush the topic into the dead letters", "[pipeline][guard]") {
    PipelineOptions options = handler(8);
    options.guard = 5;
    PipelineWorld world(options);
    for (int i = 0; i < 200; ++i) {
        world.produce(0, {});
    }
    bool mended = false;
    world.judge = [&](const Record& record) {
        return record.purpose == Purpose::deliver && !mended ? Result::rejected : Result::delivered;
    };
    world.sink_reason = Reason::http;
    world.assign();
    world.advance(10min);
    CHECK(count(world, Purpose::dead_letter) == 5);
    CHECK(world.pipeline.gate().reason() == Reason::guard);
    const std::size_t before = world.releases.size();
    world.advance(1min);
    CHECK(world.releases.size() == before + 1);
    mended = true;
    world.advance(2min);
    CHECK(count(world, Purpose::dead_letter) == 5);
    CHECK(world.logs[0].committed == 200);
}

TEST_CASE("the guard holds back records that nobody may deliver, and lets one a minute pass",
          "[pipeline][guard]") {
    PipelineOptions options;
    options.has_dead_letter = true;
    options.guard = 3;
    options.sequenced = GENERATE(true, false);
    PipelineWorld world(options);
    for (int i = 0; i < 6; ++i) {
        world.produce(0, {.fate = Fate::dead_letter, .reason = Reason::due_invalid});
    }
    world.produce(0, {});
    world.assign();
    CHECK(count(world, Purpose::dead_letter) == 3);
    world.advance(61s);
    CHECK(count(world, Purpose::dead_letter) == 4);
    world.advance(4min);
    CHECK(world.logs[0].committed == 7);
}

TEST_CASE("a requested stop lets calls end, writes what they lead to, and sends nothing new",
          "[pipeline][drain]") {
    PipelineWorld world(handler(1));
    for (int i = 0; i < 5; ++i) {
        world.produce(0, {});
    }
    world.sink.reset();
    world.assign();
    REQUIRE(world.waiting_for_sink(0) == 1);
    world.pipeline.drain(world.now);
    world.advance(1s);
    CHECK_FALSE(world.drained);
    world.answer(0, Result::retry, Reason::timeout);
    REQUIRE(world.waiting_for_sink(0) == 1);
    CHECK(world.releases.back().purpose == Purpose::retry);
    CHECK_FALSE(world.drained);
    world.answer(0, Result::delivered);
    world.advance(1s);
    CHECK(world.drained);
    CHECK(world.logs[0].committed == 1);
    CHECK(world.releases.size() == 2);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a revoke gives back every byte of what was staged", "[pipeline][handler]") {
    PipelineWorld world(handler(2), 3);
    for (int i = 0; i < 30; ++i) {
        for (Slot slot = 0; slot < 3; ++slot) {
            world.produce(slot, {.sequence = static_cast<std::uint64_t>(i % 3)});
        }
    }
    world.sink.reset();
    world.assign();
    world.revoke();
    world.advance(3s);
    CHECK(world.unassigned_at.has_value());
    world.assign();
    world.sink = Result::delivered;
    world.advance(5s);
    CHECK(world.pipeline.bytes() == 0);
    for (Slot slot = 0; slot < 3; ++slot) {
        CHECK(world.logs[slot].committed == 30);
    }
}

TEST_CASE("what settled behind a call that hangs does not come twice after a crash",
          "[pipeline][handler][done]") {
    PipelineWorld world(handler(4));
    for (int i = 0; i < 50; ++i) {
        world.produce(0, {});
    }
    bool hangs = false;
    world.judge = [&](const Record& record) {
        return record.offset == 3 && hangs ? Result::not_attempted : Result::delivered;
    };
    hangs = true;
    world.sink_reason = Reason::handler_busy;
    world.assign();
    world.advance(2s);
    const std::vector<Offset> before = world.released(0);
    world.lose();
    hangs = false;
    world.assign();
    world.advance(20s);
    CHECK(world.logs[0].committed == 50);
    std::map<Offset, int> times;
    for (const Offset offset : world.released(0)) {
        ++times[offset];
    }
    times.erase(3);
    CHECK(std::all_of(times.begin(), times.end(), [](const auto& each) { return each.second == 1; }));
}

TEST_CASE("a guarded route with nothing to ask does not spin", "[pipeline][guard]") {
    PipelineOptions options = handler(8);
    options.guard = 2;
    PipelineWorld world(options);
    world.produce(0, {.fate = Fate::dead_letter, .reason = Reason::due_invalid});
    world.produce(0, {.fate = Fate::dead_letter, .reason = Reason::due_invalid});
    world.assign();
    CHECK(world.pipeline.gate().reason() == Reason::guard);
    world.advance(5min);  // the world counts turns without effect
    world.produce(0, {});
    world.advance(2min);
    CHECK(world.pipeline.gate().is_open());
    CHECK(world.logs[0].committed == 3);
}

TEST_CASE("a stopped partition keeps no sequence of the others waiting", "[pipeline][handler]") {
    PipelineOptions options = handler();
    options.has_dead_letter = false;
    options.retry = {.has_topic = true, .attempts = 1};
    PipelineWorld world(options, 2);
    world.produce(0, {.sequence = 5});
    world.produce(0, {.sequence = 7});
    world.sink.reset();
    world.assign();
    world.answer(0, Result::delivered);  // the gate widens
    world.produce(0, {.sequence = 9});
    world.advance(1s);
    world.produce(1, {.sequence = 7});
    world.produce(1, {.sequence = 9});
    world.advance(1s);
    REQUIRE(world.released(0) == std::vector<Offset>{0, 1, 2});
    world.answer(0, Result::retry, Reason::timeout);  // 1: exhausted, its partition stops
    REQUIRE(world.has_notice(Kind::partition_stopped));
    world.answer(0, Result::not_attempted, Reason::handler_down);
    world.sink = Result::delivered;
    world.advance(5s);
    CHECK(world.released(1) == std::vector<Offset>{0, 1});
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("the time while the handler was down does not make a record too old", "[pipeline][retry]") {
    PipelineOptions options = handler();
    options.retry.max_age = 1min;
    PipelineWorld world(options);
    world.produce(0, {});
    world.sink = Result::not_attempted;
    world.sink_reason = Reason::handler_down;
    world.assign();
    world.advance(10min);
    world.judge = fails;
    world.advance(10s);
    CHECK(count(world, Purpose::retry) == 1);
    CHECK(count(world, Purpose::dead_letter) == 0);
}

TEST_CASE("what waits for its turn is not due any more when the clock is stepped back",
          "[pipeline][handler]") {
    const Order order = GENERATE(Order::partition, Order::due);
    PipelineWorld world(handler(1));
    world.orders = {order};
    world.produce(0, {.due = 10s, .sequence = 1});
    world.produce(0, {.due = 11s, .sequence = 1});
    world.produce(0, {.due = 12s, .sequence = 2});
    world.produce(0, {.due = 1s, .sequence = 1});
    world.sink.reset();
    world.assign();
    world.advance(20s);
    const std::size_t called = world.released(0).size();
    CHECK(called == 1);
    world.step_wall(-15s);  // it is 5s now
    world.sink = Result::delivered;
    world.answer(0, Result::delivered);
    world.advance(4s);
    CHECK(world.released(0).size() == called);
    world.advance(10s);
    CHECK(world.released(0) ==
          (order == Order::due ? std::vector<Offset>{3, 0, 1, 2} : std::vector<Offset>{0, 1, 2, 3}));
    CHECK(world.logs[0].committed == 4);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("what waits for its turn goes on when its partition has found its position again",
          "[pipeline][handler]") {
    PipelineWorld world(handler(1));
    for (int i = 0; i < 5; ++i) {
        world.produce(0, {.sequence = 1});
    }
    world.sink.reset();
    world.assign();
    world.look_ups = PipelineWorld::Answers::unknown;
    world.logs[0].low = world.logs[0].high = 8;  // the broker deleted what was read, and more
    world.settle();
    world.answer(0, Result::delivered);
    world.advance(1s);
    CHECK(world.released(0) == std::vector<Offset>{0});
    world.look_ups = PipelineWorld::Answers::at_once;
    world.sink = Result::delivered;
    world.advance(10s);
    CHECK(world.released(0) == std::vector<Offset>{0, 1, 2, 3, 4});
    CHECK(world.counters.lost.get() == 3);
    CHECK(world.logs[0].committed == 8);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a row of dead letters that a failed delivery interrupts does not end in waiting for ever",
          "[pipeline][guard]") {
    PipelineOptions options = handler(8);
    options.guard = 2;
    PipelineWorld world(options);
    const PipelineWorld::Entry invalid{.fate = Fate::dead_letter, .reason = Reason::due_invalid};
    world.produce(0, invalid);
    world.produce(0, invalid);
    world.produce(0, {});
    world.judge = fails;
    world.assign();
    REQUIRE(world.pipeline.gate().reason() == Reason::guard);
    world.advance(2min);
    CHECK(count(world, Purpose::retry) == 1);
    CHECK(world.pipeline.gate().is_open());  // it was answered
    for (int i = 0; i < 3; ++i) {
        world.produce(0, invalid);
    }
    world.advance(90s);
    CHECK(count(world, Purpose::dead_letter) <= 4);  // still one a minute
    world.advance(3min);
    CHECK(count(world, Purpose::dead_letter) == 5);
    CHECK(world.logs[0].committed == 6);
}

TEST_CASE("no attempt is later than Kafka keeps its record", "[pipeline][retry]") {
    PipelineWorld world(handler());
    world.produce(0, {});
    world.judge = fails;
    world.retry_after = 90s;
    world.pipeline.retry_kept(20s);
    world.assign();
    REQUIRE(count(world, Purpose::retry) == 1);
    CHECK(world.releases[1].copy_due == world.releases[1].at + 20s + 1ms);
}

TEST_CASE("while a topic of the route is unfit nothing leaves the hold, copies neither",
          "[pipeline][retry]") {
    PipelineWorld world(handler());
    world.produce(0, {});
    world.produce(0, {.due = 10s});
    world.judge = fails;
    world.pipeline.unfit(world.now, Reason::compacted);
    world.assign();
    world.advance(5s);
    CHECK(world.releases.empty());
    CHECK(world.pipeline.view(world.now).holding_for == Reason::compacted);

    world.pipeline.unfit(world.now, Reason::none);
    world.sink.reset();
    world.judge = nullptr;
    world.advance(1s);
    REQUIRE(world.waiting_for_sink(0) == 1);
    world.pipeline.unfit(world.now, Reason::compacted);
    world.answer(0, Result::retry);  // was under way: its copy has to wait
    world.advance(20s);
    CHECK(count(world, Purpose::retry) == 0);
    CHECK(world.logs[0].committed == 0);

    world.sink = Result::delivered;
    world.pipeline.unfit(world.now, Reason::none);
    world.advance(1s);
    CHECK(count(world, Purpose::retry) == 1);
    CHECK(world.logs[0].committed == 2);
    CHECK(world.pipeline.view(world.now).holding_for == Reason::none);
}

TEST_CASE("a requested stop does not wait for copies that an unfit topic keeps back", "[pipeline][retry]") {
    PipelineWorld world(handler());
    world.produce(0, {});
    world.sink.reset();
    world.assign();
    world.pipeline.unfit(world.now, Reason::compacted);
    world.answer(0, Result::retry);
    world.pipeline.drain(world.now);
    world.advance(1s);
    CHECK(world.drained);
    CHECK(world.logs[0].committed == 0);
}
