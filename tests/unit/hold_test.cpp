#include "core/hold.h"

#include "support/catch.hpp"

using namespace laterd::core;
using Place = Hold::Place;

namespace {

RecordPtr record(Offset offset, std::uint32_t bytes = 100) {
    auto made = std::make_unique<Record>();
    made->offset = offset;
    made->bytes = bytes;
    return made;
}

RecordPtr due_at(Offset offset, int due_ms) {
    RecordPtr made = record(offset);
    made->due = WallTime{Milliseconds{due_ms}};
    return made;
}

}  // namespace

TEST_CASE("a hold gives its records back in the order of their offsets", "[hold]") {
    Hold hold;
    CHECK(hold.next() == nullptr);
    for (const Offset offset : {3, 4, 9}) {
        hold.admit(record(offset), Place::line);
    }
    CHECK(hold.next()->offset == 3);
    CHECK(hold.take()->offset == 3);
    CHECK(hold.take()->offset == 4);
    CHECK(hold.take()->offset == 9);
    CHECK(hold.size() == 0);
}

TEST_CASE("a record that is put back stands at its place again", "[hold]") {
    Hold hold;
    for (const Offset offset : {3, 4, 9}) {
        hold.admit(record(offset), Place::line);
    }
    RecordPtr first = hold.take();
    RecordPtr second = hold.take();
    hold.put_back(std::move(second), Place::line);  // answers come in any order
    hold.put_back(std::move(first), Place::line);
    CHECK(hold.take()->offset == 3);
    CHECK(hold.take()->offset == 4);
    hold.put_back(record(12), Place::line);
    CHECK(hold.take()->offset == 9);
    CHECK(hold.take()->offset == 12);
}

TEST_CASE("a hold knows what its records cost", "[hold]") {
    Hold hold;
    hold.admit(record(1, 10), Place::line);
    hold.admit(record(2, 1'000), Place::line);
    CHECK(hold.bytes() == 1'010);
    RecordPtr taken = hold.take();
    CHECK(hold.bytes() == 1'000);
    hold.put_back(std::move(taken), Place::line);
    CHECK(hold.bytes() == 1'010);
    hold.clear();
    CHECK(hold.bytes() == 0);
    CHECK(hold.size() == 0);
}

TEST_CASE("a heap gives its records back by due time, then by offset", "[hold]") {
    Hold hold;
    for (auto& each : {std::pair{1, 50}, std::pair{2, 20}, std::pair{3, 20}, std::pair{4, 70}}) {
        hold.admit(due_at(each.first, each.second), Place::heap);
    }
    CHECK(hold.next_at() == WallTime{Milliseconds{20}});
    CHECK(hold.take()->offset == 2);
    hold.put_back(due_at(9, 10), Place::heap);
    CHECK(hold.take()->offset == 9);
    CHECK(hold.take()->offset == 3);
    CHECK(hold.take()->offset == 1);
    CHECK(hold.take()->offset == 4);
    CHECK(hold.bytes() == 0);
}

TEST_CASE("copies go first, whatever else is held", "[hold]") {
    Hold hold;
    hold.admit(due_at(1, 5), Place::heap);
    hold.admit(due_at(2, 100), Place::copies);
    hold.admit(due_at(3, 100), Place::copies);
    hold.put_back(due_at(0, 100), Place::copies);
    CHECK(hold.next_at() == WallTime::min());
    CHECK_FALSE(hold.has_only_line());
    CHECK(hold.take()->offset == 0);
    CHECK(hold.take()->offset == 2);
    CHECK(hold.take()->offset == 3);
    CHECK(hold.next_place() == Place::heap);
}

TEST_CASE("in the line a lap's end counts, not the due time", "[hold]") {
    Hold hold;
    RecordPtr first = due_at(1, 500);
    first->lap_end = WallTime{Milliseconds{60}};
    RecordPtr second = due_at(2, 90);
    second->lap_end = WallTime{Milliseconds{80}};
    hold.admit(std::move(first), Place::line);
    hold.admit(std::move(second), Place::line);
    hold.admit(due_at(0, 70), Place::heap);
    CHECK(hold.next_at() == WallTime{Milliseconds{60}});
    CHECK(hold.take()->offset == 1);
    CHECK(hold.take()->offset == 0);
    CHECK(hold.take()->offset == 2);
}
