// Release in due order: partitions whose records do not wait for each other, waiting topics, and a full hold.
#include "support/catch.hpp"
#include "unit/pipeline_world.h"

using namespace laterd::tests;
using namespace std::chrono_literals;
using Kind = Notice::Kind;
using Result = Outcome::Result;

TEST_CASE("in due order a record is released when it is due, whatever its position", "[pipeline][due]") {
    PipelineWorld world;
    world.orders = {Order::due};
    for (const auto due : {90s, 20s, 40s, 20s, 0s}) {
        world.produce(0, {.due = due});
    }
    world.assign();
    CHECK(world.released(0) == std::vector<Offset>{4});
    world.advance(20s);
    CHECK(world.released(0) == std::vector<Offset>{4, 1, 3});
    CHECK(world.logs[0].committed == 0);  // the first one waits
    world.advance(70s);
    CHECK(world.released(0) == std::vector<Offset>{4, 1, 3, 2, 0});
    world.advance(2s);
    CHECK(world.logs[0].committed == 5);
    for (const Release& release : world.releases) {
        const auto due = PipelineWorld::k_start_wall + world.logs[0].records.at(release.offset).due;
        CHECK(release.at == due);
    }
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("a partition in due order is read to its end however far its records are", "[pipeline][due]") {
    PipelineWorld world;
    world.orders = {Order::due};
    for (int i = 0; i < 1'000; ++i) {
        world.produce(0, {.due = 24h, .bytes = 200});
    }
    world.produce(0, {.due = 5s});
    world.assign();
    world.advance(10min);
    CHECK(world.is_reading(0));
    CHECK(world.released(0) == std::vector<Offset>{1'000});
}

TEST_CASE("a full hold stops reading in due order, says so once, and goes on", "[pipeline][due]") {
    PipelineWorld world({.hold_bytes = 100'000});
    world.orders = {Order::due};
    for (int i = 0; i < 300; ++i) {
        world.produce(0, {.due = 1min + 1ms * i});
    }
    world.assign();
    world.advance(50s);
    CHECK(world.releases.empty());
    CHECK(world.bytes_most <= 110'000);
    CHECK(std::count_if(world.notices.begin(), world.notices.end(),
                        [](const Notice& each) { return each.kind == Kind::hold_full; }) == 1);
    world.advance(20s);
    CHECK(world.releases.size() == 300);
}

TEST_CASE("a busy partition in due order uses what idle ones leave of the hold, and they keep their part",
          "[pipeline][due][flow]") {
    // 16 partitions, as with a waiting topic of twelve; all but two of them empty.
    PipelineWorld world({.hold_bytes = 1'600'000}, 16);
    world.orders.assign(16, Order::due);
    for (int i = 0; i < 700; ++i) {
        world.produce(0, {.due = 1min + 1ms * (700 - i)});
    }
    world.assign();
    world.advance(5s);
    // All of it, though its part were a sixteenth.
    CHECK(world.pipeline.open_position(0) == 700);
    for (int i = 0; i < 2'000; ++i) {
        world.produce(0, {.due = 1min + 1ms * i});
    }
    world.advance(5s);
    CHECK(world.pipeline.bytes() <= 1'420'000);
    for (int i = 0; i < 40; ++i) {
        world.produce(1, {.due = 12s + 1ms * (40 - i), .bytes = 200});
    }
    world.advance(5s);
    CHECK(world.released(1).size() == 40);
    world.advance(60s);
    CHECK(world.released(0).size() == 2'700);
}

TEST_CASE("a record that stops its partition lets the earlier ones settle in due order", "[pipeline][due]") {
    PipelineWorld world;
    world.orders = {Order::due};
    world.produce(0, {.due = 10s});
    world.produce(0, {.due = 0s, .fate = Fate::stop, .reason = Reason::due_invalid});
    world.produce(0, {.due = 30s});
    world.assign();
    CHECK_FALSE(world.has_notice(Kind::partition_stopped));
    world.advance(12s);
    REQUIRE(world.has_notice(Kind::partition_stopped));
    CHECK(world.released(0) == std::vector<Offset>{0});
    world.advance(60s);
    CHECK(world.released(0) == std::vector<Offset>{0});
    CHECK(world.logs[0].committed == 1);
}

TEST_CASE("what is far away goes to the waiting topic at once, and settles", "[pipeline][due][wait]") {
    PipelineWorld world;
    world.orders = {Order::due};
    world.produce(0, {.due = 10min});
    world.produce(0, {.due = 2min});
    world.produce(0, {.due = 24h});
    world.pipeline.wait_partitions(12);
    world.assign();
    REQUIRE(world.releases.size() == 2);
    CHECK(world.releases[0].purpose == Purpose::wait);
    CHECK(world.releases[0].lap == 3);
    CHECK(world.releases[0].copy_due == PipelineWorld::k_start_wall + 10min);
    CHECK(world.releases[1].lap == 10);
    world.advance(2min);
    REQUIRE(world.releases.size() == 3);
    CHECK(world.releases[2].purpose == Purpose::deliver);
    CHECK(world.releases[2].offset == 1);
    world.advance(2s);
    CHECK(world.logs[0].committed == 3);
    CHECK(world.counters.released.get() == 1);
}

TEST_CASE("what cannot be written to the waiting topic holds its partition, and is not settled",
          "[pipeline][due][wait]") {
    PipelineWorld world({}, 2);
    world.orders = {Order::due, Order::due};
    world.produce(0, {.due = 10min});
    world.produce(0, {.due = 1s});
    world.produce(1, {.due = 1s});
    world.pipeline.wait_partitions(12);
    bool writable = false;
    world.judge = [&](const Record& record) {
        return record.purpose != Purpose::wait || writable ? Result::delivered : Result::not_attempted;
    };
    world.assign();
    world.advance(5s);
    CHECK(world.has_notice(Kind::copy_backoff));
    CHECK(world.released(1) == std::vector<Offset>{0});
    CHECK(world.logs[0].committed == 0);
    writable = true;
    world.advance(3s);
    CHECK(world.logs[0].committed == 2);
}

TEST_CASE("after an outage of the waiting topic no lap is longer than there is time",
          "[pipeline][due][wait]") {
    PipelineWorld world;
    world.orders = {Order::due};
    world.produce(0, {.due = 9min + 30s});
    world.produce(0, {.due = 7min});
    world.pipeline.wait_partitions(12);
    bool writable = false;
    world.judge = [&](const Record& record) {
        return record.purpose != Purpose::wait || writable ? Result::delivered : Result::not_attempted;
    };
    world.assign();
    world.advance(6min);
    REQUIRE(world.releases.front().lap == 3);
    world.releases.clear();
    writable = true;
    world.advance(50s);
    REQUIRE(world.releases.size() == 1);
    CHECK(world.releases[0].offset == 0);
    CHECK(world.releases[0].lap == 1);
    world.advance(10s);
    REQUIRE(world.releases.size() == 2);
    CHECK(world.releases[1].offset == 1);
    CHECK(world.releases[1].purpose == Purpose::deliver);
    CHECK(world.releases[1].at == PipelineWorld::k_start_wall + 7min);
    world.advance(2s);
    CHECK(world.logs[0].committed == 2);
}

TEST_CASE("a record comes out of its lap: round once more, or held until it is due",
          "[pipeline][due][wait]") {
    PipelineWorld world;
    world.roles = {Role::waiting};
    world.orders = {GENERATE(Order::partition, Order::due)};  // the route's, which means nothing here
    world.pipeline.wait_partitions(12);
    world.produce(0, {.due = 100s, .lap_end = 60s});
    world.produce(0, {.due = 20min, .lap_end = 61s});
    world.produce(0, {.due = 75s, .lap_end = 62s});
    world.assign();
    CHECK(world.releases.empty());
    world.advance(61s);
    REQUIRE(world.releases.size() == 1);
    CHECK(world.releases[0].purpose == Purpose::wait);
    CHECK(world.releases[0].offset == 1);
    CHECK(world.releases[0].lap == 4);
    world.advance(60s);
    REQUIRE(world.releases.size() == 3);
    CHECK(world.releases[1].offset == 2);
    CHECK(world.releases[1].at == PipelineWorld::k_start_wall + 75s);
    CHECK(world.releases[2].offset == 0);
    CHECK(world.releases[2].at == PipelineWorld::k_start_wall + 100s);
    CHECK(world.logs[0].committed == 3);
}

TEST_CASE("a waiting partition is cold until its head's lap ends", "[pipeline][due][wait]") {
    PipelineWorld world;
    world.roles = {Role::waiting};
    for (int i = 0; i < 500; ++i) {
        world.produce(0, {.due = 70min, .lap_end = 1h + i * 1ms});
    }
    world.assign();
    world.advance(1min);
    CHECK_FALSE(world.is_reading(0));
    CHECK(world.pipeline.bytes() == 0);
    world.advance(1h);
    CHECK(world.releases.empty());  // no waiting topic is known: held, though far away
    world.advance(9min);
    CHECK(world.releases.size() == 500);
    CHECK(world.logs[0].committed == 500);
}

TEST_CASE("what settled behind a record that waits does not come twice", "[pipeline][due][done]") {
    PipelineWorld world;
    world.orders = {Order::due};
    world.produce(0, {.due = 10min});
    for (int i = 0; i < 1'000; ++i) {
        world.produce(0, {.due = 1s * (i * 37 % 100) + (i % 2) * 2min});
    }
    world.assign();
    world.advance(110s);
    CHECK(world.releases.size() == 500);
    CHECK(world.logs[0].committed == 0);
    world.lose();
    world.assign();
    CHECK(world.releases.size() == 500);
    world.lose();  // once more, before everything has been read again
    world.assign();
    world.advance(10min);
    CHECK(world.releases.size() == 1'001);
    CHECK(world.logs[0].committed == 1'001);
    CHECK(world.pipeline.bytes() == 0);
}

TEST_CASE("what went to the waiting topic does not go there twice", "[pipeline][due][done][wait]") {
    PipelineWorld world;
    world.orders = {Order::due};
    world.pipeline.wait_partitions(12);
    world.produce(0, {.due = 2min});
    for (int i = 0; i < 500; ++i) {
        world.produce(0, {.due = 10min + 1s * (i * 37 % 100)});
    }
    world.assign();
    world.advance(1500ms);
    CHECK(world.releases.size() == 500);
    world.lose();
    world.assign();
    world.advance(1s);
    CHECK(world.releases.size() == 500);
    world.advance(3min);
    CHECK(world.releases.size() == 501);
    CHECK(world.logs[0].committed == 501);
}

// Beside many that are held, and in a note with no room for that many exceptions.
TEST_CASE("what went to the waiting topic does not go there twice, over two restarts in different minutes",
          "[pipeline][due][done][wait]") {
    PipelineWorld world({.note_chars = 400});
    world.orders = {Order::due};
    world.pipeline.wait_partitions(12);
    for (int i = 0; i < 500; ++i) {
        world.produce(0, {.due = 110s + 1ms * i});
        world.produce(0, {.due = 165s + 1s * (i * 37 % 50)});
    }
    world.assign();
    world.advance(1500ms);
    CHECK(world.releases.size() == 500);
    // By now what is due then is no longer far away. Something settles, so that each owner writes a note of its own.
    world.advance(50s);
    for (int i = 0; i < 2; ++i) {
        world.lose();
        world.produce(0, {});
        world.assign();
        world.advance(3s);
    }
    world.advance(4min);
    CHECK(world.releases.size() == 1'002);
    CHECK(world.logs[0].committed == 1'002);
}

TEST_CASE("what went round once more does not do so twice", "[pipeline][due][done][wait]") {
    PipelineWorld world({.note_chars = 400});
    world.roles = {Role::waiting};
    world.pipeline.wait_partitions(12);
    for (int i = 0; i < 500; ++i) {
        world.produce(0, {.due = 110s + 1ms * i, .lap_end = 60s});
        world.produce(0, {.due = 10min + 1s * (i * 37 % 100), .lap_end = 60s});
    }
    world.assign();
    world.advance(63s);
    CHECK(world.releases.size() == 500);
    world.lose();
    world.assign();
    world.advance(3s);
    CHECK(world.releases.size() == 500);
    world.advance(3min);
    CHECK(world.releases.size() == 1'000);
    CHECK(world.logs[0].committed == 1'000);
}

TEST_CASE("another due rule does not believe the note", "[pipeline][due][done]") {
    PipelineWorld world;
    world.orders = {Order::due};
    world.produce(0, {.due = 10min});
    world.produce(0, {.due = 1s});
    world.assign();
    world.advance(3s);
    REQUIRE(world.releases.size() == 1);
    PipelineWorld other({.rule = 7});
    other.orders = {Order::due};
    other.logs = world.logs;
    other.assign();
    other.advance(3s);
    CHECK(other.releases.size() == 1);
}

TEST_CASE("what is held for its due time does not keep a waiting partition from ending laps",
          "[pipeline][due][wait]") {
    PipelineWorld world;
    world.roles = {Role::waiting};
    world.pipeline.wait_partitions(12);
    for (int i = 0; i < 3'000; ++i) {
        world.produce(0, {.due = 100s, .bytes = 200, .lap_end = 1s});
    }
    world.produce(0, {.due = 15s, .lap_end = 2s});
    world.assign();
    world.advance(1100ms);
    world.produce(0, {.due = 20s, .lap_end = 3s});  // later, while the others are held
    world.advance(20s);
    CHECK(world.released(0) == std::vector<Offset>{3'000, 3'001});
    world.advance(90s);
    CHECK(world.releases.size() == 3'002);
}

TEST_CASE("more partitions in due order than may be open take turns", "[pipeline][due][flow]") {
    PipelineWorld world({.open_max = 2}, 6);
    world.orders = std::vector<Order>(6, Order::due);
    for (Slot slot = 0; slot < 6; ++slot) {
        world.produce(slot, {.due = 1h});
    }
    world.assign();
    world.advance(5s);
    for (Slot slot = 0; slot < 6; ++slot) {
        world.produce(slot, {.due = 10s});
    }
    world.advance(30s);
    for (Slot slot = 0; slot < 6; ++slot) {
        CHECK(world.released(slot) == std::vector<Offset>{1});
    }
}
