// Pausing, resuming and assigning again: no record twice or skipped, and nothing falls silent.
#include "broker/world.h"
#include "support/catch.hpp"

#include <numeric>

using namespace laterd;
using namespace laterd::testing;

namespace {

std::vector<core::Offset> range(core::Offset from, core::Offset end) {
    std::vector<core::Offset> all(static_cast<std::size_t>(end - from));
    std::iota(all.begin(), all.end(), from);
    return all;
}

void pause(Reader& reader, core::Slot slot) {
    reader->pause(std::span(&slot, 1));
}

void resume(Reader& reader, core::Slot slot, core::Offset offset) {
    const core::ResumeEntry entry{.slot = slot, .offset = offset};
    reader->resume(std::span(&entry, 1));
}

// The offsets shown from now on, until there are `count`.
std::vector<core::Offset> next_offsets(Reader& reader, core::Slot slot, std::size_t count) {
    reader.seen(slot) = {};
    if (!reader.until_seen(slot, count)) {
        FAIL("only " << reader.seen(slot).records.size() << " of " << count << " records");
    }
    return reader.offsets(slot);
}

}  // namespace

TEST_CASE("a resumed partition goes on exactly where it is told", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 50);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 10;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 10));
    pause(reader, slot);
    CHECK(reader->is_paused(slot));

    const core::Offset offset = GENERATE(0, 5, 10, 49);  // back, to the position, ahead
    resume(reader, slot, offset);
    CHECK(next_offsets(reader, slot, static_cast<std::size_t>(50 - offset)) == range(offset, 50));
}

TEST_CASE("a paused partition shows nothing, though records were queued", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    writer.fill(topic, 0, 50);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 1;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 1));
    pause(reader, slot);
    reader.seen(slot) = {};
    writer.fill(topic, 0, 1);
    reader->wake_all_slots();
    reader.turn_for(300ms);
    CHECK(reader.seen(slot).records.empty());
    CHECK(reader->ready_slots().empty());
}

TEST_CASE("a partition that was paused with records queued announces itself after it is resumed", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 50);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 1;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 1));
    for (int round = 0; round < 3; ++round) {
        pause(reader, slot);
        resume(reader, slot, 1);
        CHECK(next_offsets(reader, slot, 1) == range(1, 2));
    }
}

TEST_CASE("a partition assigned as paused shows nothing until it is resumed", "[pause]") {
    const std::string topic = fresh_topic(2);
    Writer writer;
    writer.fill(topic, 0, 5);
    writer.fill(topic, 1, 5);
    Reader reader({.topics = {topic}});
    const core::Slot open = reader.slot(topic, 0);
    const core::Slot closed = reader.slot(topic, 1);
    REQUIRE(reader->assign(std::vector<core::AssignEntry>{{open, 0, false}, {closed, 0, true}}));
    REQUIRE(reader.until_seen(open, 5));
    reader.turn_for(200ms);
    CHECK(reader.seen(closed).records.empty());
    resume(reader, closed, 2);
    CHECK(next_offsets(reader, closed, 3) == range(2, 5));
}

TEST_CASE("a partition resumed right after it was assigned as paused never skips", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 5);
    for (int round = 0; round < 5; ++round) {
        Reader reader({.topics = {topic}});
        const core::Slot slot = reader.slot(topic, 0);
        reader.assign(slot, 1, true);
        resume(reader, slot, 3);
        // The seek may come before the client has begun to fetch, and is then lost: earlier records show again.
        REQUIRE(reader.until([&] {
            const auto offsets = reader.offsets(slot);
            return !offsets.empty() && offsets.back() == 4;
        }));
        const auto offsets = reader.offsets(slot);
        CHECK(offsets.front() <= 3);
        CHECK(offsets == range(offsets.front(), 5));
    }
}

TEST_CASE("resuming a partition that is not paused moves it and rewinds nothing", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 30);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 10;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 10));
    resume(reader, slot, 20);
    CHECK(next_offsets(reader, slot, 10) == range(20, 30));
}

TEST_CASE("assigning anew shows nothing of what was queued before", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 50);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 10;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 10));
    const core::Offset offset = GENERATE(0, 30);
    reader.assign(slot, offset);
    CHECK(next_offsets(reader, slot, static_cast<std::size_t>(50 - offset)) == range(offset, 50));
}

TEST_CASE("a pause does not outlive its assignment", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 10);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 1;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 1));
    pause(reader, slot);
    const bool through_unassign = GENERATE(true, false);
    if (through_unassign) {
        reader->unassign();
    }
    reader.at_once = 100;
    reader.assign(slot, 3);
    CHECK_FALSE(reader->is_paused(slot));
    CHECK(next_offsets(reader, slot, 7) == range(3, 10));
}

TEST_CASE("an unassigned consumer shows nothing", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    writer.fill(topic, 0, 10);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.at_once = 1;
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 1));
    reader->unassign();
    reader.seen(slot) = {};
    writer.fill(topic, 0, 1);
    reader->wake_all_slots();
    reader.turn_for(300ms);
    CHECK(reader.seen(slot).records.empty());
    CHECK(reader->ready_slots().empty());
}

TEST_CASE("a partition left out of the next assignment is read no more", "[pause]") {
    const std::string topic = fresh_topic(2);
    Writer writer;
    writer.fill(topic, 0, 5);
    writer.fill(topic, 1, 5);
    Reader reader({.topics = {topic}});
    const core::Slot kept = reader.slot(topic, 0);
    const core::Slot gone = reader.slot(topic, 1);
    REQUIRE(reader->assign(std::vector<core::AssignEntry>{{kept, 0, false}, {gone, 0, false}}));
    REQUIRE(reader.until_seen(kept, 5));
    REQUIRE(reader.until_seen(gone, 5));
    REQUIRE(reader->assign(std::vector<core::AssignEntry>{{kept, 5, false}}));
    reader.seen(gone) = {};
    writer.fill(topic, 0, 1);
    writer.fill(topic, 1, 1);
    REQUIRE(reader.until_seen(kept, 6));
    reader.turn_for(200ms);
    CHECK(reader.seen(gone).records.empty());
}

TEST_CASE("a kick wakes the connection of a resumed partition", "[pause]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 10);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 10));
    pause(reader, slot);
    reader.turn_for(300ms);  // until nothing is under way on the connection
    const auto before = std::chrono::steady_clock::now();
    resume(reader, slot, 5);
    reader->kick({topic, 0}, 1s);
    CHECK(next_offsets(reader, slot, 5) == range(5, 10));
    // Without it the client may sleep for a second.
    CHECK(std::chrono::steady_clock::now() - before < 600ms);
}
