#include "core/sequencer.h"

#include "support/catch.hpp"

using namespace laterd::core;

namespace {

RecordPtr record(Offset offset, std::uint64_t sequence) {
    auto made = std::make_unique<Record>();
    made->offset = offset;
    made->sequence = sequence;
    return made;
}

Offset taken(Sequencer& sequencer) {
    const RecordPtr record = sequencer.take();
    return record ? record->offset : -1;
}

constexpr SteadyTime k_start{std::chrono::hours{1}};

}  // namespace

TEST_CASE("one record of a sequence goes at a time, in the order of release", "[sequencer]") {
    Sequencer sequencer;
    for (const auto& [offset, sequence] : {std::pair{1, 7U}, {2, 7U}, {3, 8U}, {4, 0U}, {5, 0U}, {6, 7U}}) {
        sequencer.admit(record(offset, sequence));
    }
    CHECK(taken(sequencer) == 1);
    CHECK(taken(sequencer) == 3);
    CHECK(taken(sequencer) == 4);
    CHECK(taken(sequencer) == 5);
    CHECK(taken(sequencer) == -1);
    CHECK(sequencer.size() == 2);
    sequencer.leave(7);
    CHECK(taken(sequencer) == 2);
    CHECK(taken(sequencer) == -1);
    sequencer.leave(8);
    sequencer.leave(7);
    CHECK(taken(sequencer) == 6);
    sequencer.leave(7);
    sequencer.admit(record(9, 7));
    CHECK(taken(sequencer) == 9);
    CHECK(sequencer.size() == 0);
}

TEST_CASE("what could not be attempted goes before younger records", "[sequencer]") {
    Sequencer sequencer;
    for (const Offset offset : {1, 2, 3, 4}) {
        sequencer.admit(record(offset, offset == 4 ? 1U : static_cast<std::uint64_t>(offset)));
    }
    RecordPtr first = sequencer.take();
    RecordPtr second = sequencer.take();
    sequencer.put_back(std::move(second));
    sequencer.put_back(std::move(first));
    CHECK(sequencer.next()->offset == 1);
    CHECK(taken(sequencer) == 1);
    CHECK(taken(sequencer) == 2);
    CHECK(taken(sequencer) == 3);
    CHECK(taken(sequencer) == -1);  // 4 follows 1
}

TEST_CASE("a record that is tried in place keeps its sequence waiting, and no other", "[sequencer]") {
    using namespace std::chrono_literals;
    Sequencer sequencer;
    sequencer.admit(record(1, 7));
    sequencer.admit(record(2, 7));
    sequencer.admit(record(3, 8));
    RecordPtr failing = sequencer.take();
    sequencer.park(std::move(failing), k_start + 5s);
    CHECK(taken(sequencer) == 3);
    CHECK(taken(sequencer) == -1);
    CHECK(sequencer.unpark(k_start + 4s) == k_start + 5s);
    CHECK(taken(sequencer) == -1);
    CHECK(sequencer.unpark(k_start + 5s) == std::nullopt);
    CHECK(taken(sequencer) == 1);
    sequencer.leave(7);
    CHECK(taken(sequencer) == 2);
}

TEST_CASE("what waits for its turn can be recalled, and the next of its sequence takes its place",
          "[sequencer]") {
    Sequencer sequencer;
    for (const auto& [offset, sequence] : {std::pair{1, 7U}, {2, 7U}, {3, 7U}, {4, 0U}, {5, 8U}}) {
        sequencer.admit(record(offset, sequence));
    }
    const auto recalled = sequencer.recall(
        [](const Record& record) { return record.offset == 1 || record.offset == 3 || record.offset == 5; });
    CHECK(recalled.size() == 3);
    CHECK(sequencer.size() == 2);
    CHECK(taken(sequencer) == 2);
    CHECK(taken(sequencer) == 4);
    CHECK(taken(sequencer) == -1);
    // Nobody holds the sequences any more.
    sequencer.leave(7);
    sequencer.admit(record(6, 7));
    sequencer.admit(record(7, 8));
    CHECK(taken(sequencer) == 6);
    CHECK(taken(sequencer) == 7);
}
