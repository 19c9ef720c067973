// What a consumer shows of its partitions.
#include "broker/world.h"
#include "support/catch.hpp"

#include <poll.h>

#include <numeric>

using namespace laterd;
using namespace laterd::testing;

namespace {

std::vector<core::Offset> range(core::Offset from, core::Offset end) {
    std::vector<core::Offset> all(static_cast<std::size_t>(end - from));
    std::iota(all.begin(), all.end(), from);
    return all;
}

bool is_readable(int fd, std::chrono::milliseconds within) {
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&wanted, 1, static_cast<int>(within.count())) == 1;
}

}  // namespace

TEST_CASE("a record arrives with every byte that was sent", "[read]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    const Record nothing{
        .key = std::nullopt, .value = std::nullopt, .headers = {}, .timestamp = 1'700'000'000'001};
    const Record empty{.key = "", .value = "", .headers = {{"h", ""}}, .timestamp = 1'700'000'000'002};
    const Record binary{
        .key = std::string("k\0\xff", 3),
        .value = std::string("\0\xfe value", 8),
        .headers = {{"twice", "1"}, {"twice", "2"}, {"null", std::nullopt}, {"bin", std::string("\0", 1)}},
        .timestamp = 1'700'000'000'003};
    for (const Record& record : {nothing, empty, binary}) {
        writer.write(topic, 0, record);
    }

    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 3));

    const std::vector<Record>& found = reader.seen(slot).records;
    std::size_t i = 0;
    for (const Record& sent : {nothing, empty, binary}) {
        INFO("record " << i);
        CHECK(found[i].key == sent.key);
        CHECK(found[i].value == sent.value);
        CHECK(found[i].headers == sent.headers);
        CHECK(found[i].timestamp == sent.timestamp);
        CHECK(found[i].offset == static_cast<core::Offset>(i));
        ++i;
    }
}

TEST_CASE("a record carries the type of its timestamp", "[read]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    writer.write(topic, 0, {.value = "v", .headers = {}, .timestamp = 42});
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    REQUIRE(reader.until_seen(slot, 1));
    CHECK(reader.seen(slot).records[0].timestamp_type == kafka::TimestampType::create_time);
}

TEST_CASE("reading begins at the assigned offset", "[read]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 20);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 13);
    REQUIRE(reader.until_seen(slot, 7));
    CHECK(reader.offsets(slot) == range(13, 20));
}

TEST_CASE("a read shows no more than it was asked for, and the slot stays ready until it is emptied",
          "[read]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 10);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    reader.at_once = 4;
    REQUIRE(reader.until_seen(slot, 4));
    CHECK(reader.seen(slot).records.size() == 4);
    REQUIRE(reader->ready_slots().size() == 1);
    REQUIRE(reader.until_seen(slot, 10));
    REQUIRE(reader.until([&] { return !reader.seen(slot).ends.empty(); }));
    CHECK(reader->ready_slots().empty());
    CHECK(reader.offsets(slot) == range(0, 10));
}

TEST_CASE("an emptied queue announces the next record", "[read]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    writer.fill(topic, 0, 1);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    REQUIRE(reader.until([&] { return !reader.seen(slot).ends.empty(); }));
    REQUIRE(reader->ready_slots().empty());

    writer.fill(topic, 0, 1);
    REQUIRE(is_readable(reader->data_fd(), k_patience));
    REQUIRE(reader->ready_slots().size() == 1);
    CHECK(reader->ready_slots().front() == slot);
}

TEST_CASE("the end of a partition is told with its offset, and not when a record came after it", "[read]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    writer.fill(topic, 0, 5);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    REQUIRE(reader.until([&] { return !reader.seen(slot).ends.empty(); }));
    CHECK(reader.seen(slot).ends == std::vector<core::Offset>{5});

    // Not read in between: the queue holds record 5, an end, record 6, an end.
    writer.fill(topic, 0, 1);
    REQUIRE(is_readable(reader->data_fd(), k_patience));
    REQUIRE(reader.until([&] { return reader->cached_end(slot) == 6; }));
    writer.fill(topic, 0, 1);
    REQUIRE(reader.until([&] { return reader.seen(slot).ends.back() == 7; }));
    CHECK(reader.offsets(slot) == range(0, 7));
}

TEST_CASE("the end of an empty partition is told", "[read]") {
    const std::string topic = fresh_topic(1);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 0);
    REQUIRE(reader.until([&] { return !reader.seen(slot).ends.empty(); }));
    CHECK(reader.seen(slot).ends.front() == 0);
}

TEST_CASE("a position outside of the log is told, and only a new assignment revives the partition",
          "[read]") {
    const std::string topic = fresh_topic(1);
    Writer().fill(topic, 0, 10);
    Reader reader({.topics = {topic}});
    const core::Slot slot = reader.slot(topic, 0);
    reader.assign(slot, 999);
    REQUIRE(reader.until([&] { return !reader.seen(slot).errors.empty(); }));
    CHECK(reader.seen(slot).errors.front().out_of_range);
    CHECK(reader.seen(slot).records.empty());

    reader.assign(slot, 4);
    REQUIRE(reader.until_seen(slot, 6));
    CHECK(reader.offsets(slot) == range(4, 10));
}

TEST_CASE("every partition has its own queue", "[read]") {
    const std::string topic = fresh_topic(3);
    Writer writer;
    for (const int partition : {0, 1, 2}) {
        writer.fill(topic, partition, static_cast<std::size_t>(partition) + 1);
    }
    Reader reader({.topics = {topic}});
    std::vector<core::AssignEntry> entries;
    for (const int partition : {0, 1, 2}) {
        entries.push_back({.slot = reader.slot(topic, partition), .offset = 0, .paused = false});
    }
    REQUIRE(reader->assign(entries));
    for (const core::AssignEntry& entry : entries) {
        REQUIRE(reader.until_seen(entry.slot, entry.slot + 1));
        CHECK(reader.offsets(entry.slot) == range(0, static_cast<core::Offset>(entry.slot) + 1));
    }
}

TEST_CASE("a topic-partition keeps its slot", "[read]") {
    Reader reader({.topics = {"anything"}});
    const core::Slot first = reader.slot("a", 0);
    CHECK(reader.slot("a", 1) != first);
    CHECK(reader.slot("b", 0) != first);
    CHECK(reader.slot("a", 0) == first);
    CHECK(reader->place(first) == kafka::TopicPartition{"a", 0});
    CHECK(reader->slot_count() == 3);
}
