// What outcomes mean: settled, alone, dead-lettered, stopped, or held by the gate.
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

std::vector<Release> releases_of(const PipelineWorld& world, Slot slot, Offset offset) {
    std::vector<Release> found;
    std::copy_if(world.releases.begin(), world.releases.end(), std::back_inserter(found),
                 [&](const Release& each) { return each.slot == slot && each.offset == offset; });
    return found;
}

std::uint64_t dead_letters(const PipelineWorld& world, Reason reason) {
    return world.counters.dead_letters.reason[static_cast<std::size_t>(reason)].get();
}

// A broker that refuses every request that holds the record at `bad`, whole: as brokers do.
auto refuse_batches_with(Offset bad) {
    return [bad](const Record& record) {
        if (record.purpose == Purpose::dead_letter) {
            return Result::delivered;
        }
        const bool is_bad = record.offset == bad;
        return (record.alone ? is_bad : record.slot == 0) ? Result::rejected : Result::delivered;
    };
}

}  // namespace

TEST_CASE("a record that settles out of order is not committed past an unsettled one", "[pipeline]") {
    PipelineWorld world({}, 2);
    produce_due(world, 0, 3);
    produce_due(world, 1, 3);
    world.sink.reset();
    world.assign();
    world.answer(1, Result::delivered);
    world.answer(1, Result::delivered);
    world.advance(2s);
    CHECK(world.logs[0].committed == 0);
    CHECK(world.logs[1].committed == 2);
    world.sink = Result::delivered;
    world.advance(2s);
    CHECK(world.logs[0].committed == 3);
    CHECK(world.logs[1].committed == 3);
    CHECK(world.counters.delivered.get() == 6);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("the one record that a broker refuses is found among its neighbours", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true}, 2);
    produce_due(world, 0, 100);
    produce_due(world, 1, 100);
    world.judge = refuse_batches_with(42);
    world.assign();
    world.advance(5s);
    CHECK(dead_letters(world, Reason::refused_by_broker) == 1);
    CHECK(world.counters.rejected.get() == 1);
    CHECK(world.counters.delivered.get() == 199);
    const std::vector<Release> bad = releases_of(world, 0, 42);
    REQUIRE(bad.size() == 3);
    CHECK_FALSE(bad[0].alone);
    CHECK(bad[1].alone);
    CHECK(bad[2].purpose == Purpose::dead_letter);
    CHECK(bad[2].reason == Reason::refused_by_broker);
    CHECK(world.logs[0].committed == 100);
    CHECK(world.counters.released.get() == 200);  // being tried again is not another release
    // The other partition never heard of it.
    CHECK(std::none_of(world.releases.begin(), world.releases.end(),
                       [](const Release& each) { return each.slot == 1 && each.alone; }));
}

TEST_CASE("refused records are sent again in order, one at a time", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true});
    produce_due(world, 0, 4);
    world.sink.reset();
    world.assign();
    REQUIRE(world.waiting_for_sink(0) == 4);
    for (int i = 0; i < 4; ++i) {
        world.answer(0, Result::rejected, Reason::too_large);
    }
    const std::size_t first_round = 4;
    for (Offset offset = 0; offset < 4; ++offset) {
        INFO("offset " << offset);
        REQUIRE(world.waiting_for_sink(0) == 1);
        CHECK(world.releases.size() == first_round + static_cast<std::size_t>(offset) + 1);
        CHECK(world.releases.back().offset == offset);
        CHECK(world.releases.back().alone);
        world.answer(0, Result::delivered);
    }
    CHECK(world.waiting_for_sink(0) == 0);
}

TEST_CASE("later releases wait while refused records are sent again", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true});
    produce_due(world, 0, 2);
    world.produce(0, {.due = 1s});
    world.sink.reset();
    world.assign();
    world.answer(0, Result::rejected, Reason::too_large);
    world.answer(0, Result::rejected, Reason::too_large);
    world.advance(2s);
    REQUIRE(world.waiting_for_sink(0) == 1);
    CHECK(world.releases.back().offset == 0);
    world.sink = Result::delivered;
    world.settle();
    CHECK(world.released(0) == Offsets{0, 1, 0, 1, 2});
}

TEST_CASE("a record without a usable due time is dead-lettered in its turn, with the reason", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true});
    world.produce(0, {.due = 2s});
    world.produce(0, {.due = -PipelineWorld::k_start_wall.time_since_epoch(),
                      .fate = Fate::dead_letter,
                      .reason = Reason::due_invalid});
    world.produce(0, {.due = 3s});
    world.assign();
    world.advance(1'999ms);
    CHECK(world.releases.empty());
    world.advance(2s);
    CHECK(world.released(0) == Offsets{0, 1, 2});
    CHECK(world.releases[1].purpose == Purpose::dead_letter);
    CHECK(world.releases[1].reason == Reason::due_invalid);
    CHECK(dead_letters(world, Reason::due_invalid) == 1);
    CHECK(world.counters.delivered.get() == 2);
    CHECK(world.has_notice(Kind::dead_lettered));
}

TEST_CASE("without a dead-letter topic a hopeless record stops its partition and only that", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = false}, 2);
    const bool by_due_time = GENERATE(true, false);
    if (by_due_time) {
        world.produce(0, {.due = 0ms});
        world.produce(0, {.due = 0ms, .fate = Fate::dead_letter, .reason = Reason::due_missing});
        world.produce(0, {.due = 0ms});
    } else {
        produce_due(world, 0, 3);
        world.judge = refuse_batches_with(1);
        world.sink_reason = Reason::too_large;
    }
    for (int i = 0; i < 5; ++i) {
        world.produce(1, {.due = i * 1s});
    }
    world.assign();
    world.advance(10s);
    const Partition* stopped = world.pipeline.partition(0);
    REQUIRE(stopped != nullptr);
    CHECK(stopped->phase == Partition::Phase::stopped);
    CHECK_FALSE(world.is_reading(0));
    const auto notice = std::find_if(world.notices.begin(), world.notices.end(),
                                     [](const Notice& each) { return each.kind == Kind::partition_stopped; });
    REQUIRE(notice != world.notices.end());
    CHECK(notice->slot == 0);
    CHECK(notice->offset == 1);
    CHECK(notice->reason == (by_due_time ? Reason::due_missing : Reason::too_large));
    // What came before is committed, the record itself is not: an operator decides.
    CHECK(world.logs[0].committed == 1);
    CHECK(world.released(1) == Offsets{0, 1, 2, 3, 4});
    CHECK(world.logs[1].committed == 5);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a stopping record stops its partition only when everything before it has settled", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 0ms});
    world.produce(0, {.due = 0ms, .fate = Fate::stop, .reason = Reason::due_missing});
    world.sink.reset();
    world.assign();
    world.advance(1s);
    CHECK_FALSE(world.has_notice(Kind::partition_stopped));
    world.answer(0, Result::delivered);
    CHECK(world.has_notice(Kind::partition_stopped));
    world.advance(2s);
    CHECK(world.logs[0].committed == 1);
}

TEST_CASE("a stopped partition is judged again at the next assignment", "[pipeline]") {
    PipelineWorld world;
    world.produce(0, {.due = 0ms, .fate = Fate::stop, .reason = Reason::due_missing});
    world.produce(0, {.due = 0ms});
    world.assign();
    world.advance(2s);
    CHECK(world.released(0).empty());
    world.revoke();
    world.logs[0].records[0].fate = Fate::deliver;  // the operator changed the route's `missing`
    world.assign();
    world.advance(2s);
    CHECK(world.released(0) == Offsets{0, 1});
}

TEST_CASE("a dead letter that is refused loses its error, then its value, then its partition stops",
          "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true});
    produce_due(world, 0, 1);
    const int refused_forms = GENERATE(0, 1, 2, 3);
    world.judge = [refused_forms](const Record& record) {
        return record.purpose == Purpose::deliver || static_cast<int>(record.form) < refused_forms
                   ? Result::rejected
                   : Result::delivered;
    };
    world.assign();
    world.advance(5s);
    std::vector<DeadLetterForm> forms;
    for (const Release& each : world.releases) {
        if (each.purpose == Purpose::dead_letter && (forms.empty() || forms.back() != each.form)) {
            forms.push_back(each.form);
        }
    }
    const std::vector<DeadLetterForm> all{DeadLetterForm::whole, DeadLetterForm::without_error,
                                          DeadLetterForm::without_value};
    const std::size_t tried = std::min<std::size_t>(3, static_cast<std::size_t>(refused_forms) + 1);
    CHECK(forms ==
          std::vector<DeadLetterForm>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(tried)));
    const bool stopped = world.pipeline.partition(0)->phase == Partition::Phase::stopped;
    CHECK(stopped == (refused_forms == 3));
    CHECK(world.logs[0].committed == (stopped ? 0 : 1));
}

TEST_CASE("while the dead-letter topic cannot be written, only the partition that needs it waits",
          "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true}, 2);
    world.produce(0, {.due = 0ms, .fate = Fate::dead_letter, .reason = Reason::due_invalid});
    world.produce(0, {.due = 0ms});
    for (int i = 0; i < 20; ++i) {
        world.produce(1, {.due = i * 1s});
    }
    world.judge = [](const Record& record) {
        return record.purpose == Purpose::dead_letter ? Result::not_attempted : Result::delivered;
    };
    world.assign();
    world.advance(20s);
    CHECK(world.released(1).size() == 20);
    CHECK(world.counters.lateness.max_ms() == 0);
    CHECK(world.pipeline.gate().is_open());
    CHECK(world.has_notice(Kind::copy_backoff));
    CHECK(world.logs[0].committed == 0);
    const std::size_t tried = world.released(0).size();
    CHECK(tried >= 10);  // at most 2 s apart
    CHECK(tried <= 40);  // and it does not spin
    SECTION("and goes on by itself when it can") {
        world.judge = nullptr;
        world.advance(2s);
        CHECK(dead_letters(world, Reason::due_invalid) == 1);
        CHECK(world.logs[0].committed == 2);
    }
}

TEST_CASE("a sink that cannot be reached holds the route and spends nothing", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true}, 3);
    for (Slot slot = 0; slot < 3; ++slot) {
        for (int i = 0; i < 10; ++i) {
            world.produce(slot, {.due = i * 1s});
        }
    }
    world.sink = Result::not_attempted;
    world.sink_reason = Reason::target_missing;
    world.assign();
    world.advance(60s);
    CHECK_FALSE(world.pipeline.gate().is_open());
    CHECK(world.pipeline.gate().reason() == Reason::target_missing);
    CHECK(std::count_if(world.notices.begin(), world.notices.end(),
                        [](const Notice& each) { return each.kind == Kind::gate_holding; }) == 1);
    CHECK(world.counters.rejected.get() == 0);
    // It probes, with one record at a time, at least every 2 s.
    const std::size_t probes = world.releases.size();
    CHECK(probes >= 30);
    CHECK(probes <= 200);
    SECTION("and goes on within 2 s of the mend, in order, everything once more") {
        world.sink = Result::delivered;
        world.releases.clear();
        world.advance(2s);
        CHECK(world.pipeline.gate().is_open());
        CHECK(world.has_notice(Kind::gate_open));
        for (Slot slot = 0; slot < 3; ++slot) {
            CHECK(world.released(slot) == Offsets{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
        }
        world.advance(2s);
        for (Slot slot = 0; slot < 3; ++slot) {
            CHECK(world.logs[slot].committed == 10);
        }
        CHECK(world.pipeline.bytes() == 0);
    }
}

TEST_CASE("the probe of a holding route is its oldest due record", "[pipeline]") {
    PipelineWorld world({}, 3);
    world.produce(0, {.due = 3s});
    world.produce(1, {.due = 1s});
    world.produce(2, {.due = 2s});
    world.sink = Result::not_attempted;
    world.sink_reason = Reason::unavailable;
    world.assign();
    world.advance(1s);
    world.releases.clear();
    world.advance(20s);
    REQUIRE_FALSE(world.releases.empty());
    CHECK(std::all_of(world.releases.begin(), world.releases.end(),
                      [](const Release& each) { return each.slot == 1; }));
}

TEST_CASE("a probe that is refused for its content opens the gate", "[pipeline]") {
    PipelineWorld world({.has_dead_letter = true});
    produce_due(world, 0, 3);
    world.sink = Result::not_attempted;
    world.assign();
    world.advance(5s);
    REQUIRE_FALSE(world.pipeline.gate().is_open());
    world.sink.reset();
    world.judge = refuse_batches_with(0);
    world.advance(10s);
    CHECK(world.pipeline.gate().is_open());
    CHECK(dead_letters(world, Reason::refused_by_broker) == 1);
    CHECK(world.counters.delivered.get() == 2);
    CHECK(world.logs[0].committed == 3);
}
