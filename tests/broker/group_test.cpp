// Membership. A first join takes three seconds on the embedded broker, so that these share their waits.
#include "broker/world.h"
#include "support/catch.hpp"

#include <algorithm>

using namespace laterd;
using namespace laterd::testing;

namespace {

std::vector<std::string> assigned_topics(const Reader& reader) {
    std::vector<std::string> topics;
    for (const auto& one : *reader.control.assigned) {
        topics.push_back(one.topic);
    }
    std::sort(topics.begin(), topics.end());
    topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
    return topics;
}

}  // namespace

TEST_CASE("a member is assigned its partitions, commits, and leaves with what it committed", "[group]") {
    const std::string topic = fresh_topic(2);
    Writer().fill(topic, 0, 3);
    const std::string group = fresh_group();
    {
        Reader reader({.topics = {topic}, .group = group});
        reader->subscribe();
        REQUIRE(reader.until([&] { return reader.control.assigned.has_value(); }));
        REQUIRE(reader.control.assigned->size() == 2);
        CHECK_FALSE(reader->member_id().empty());

        const core::Slot slot = reader.slot(topic, 0);
        // Positions are asked for, and the first is committed, before anything is assigned.
        const auto found = reader->committed({{topic, 0}, {topic, 1}}, 5s);
        CHECK(found[0].known);
        REQUIRE(reader->commit(1, {{slot, 0, "start"}}));
        REQUIRE(reader.until([&] { return reader.control.answers.size() == 1; }));
        CHECK(reader.control.answers[0].second[0].result == core::CommitAnswer::Result::ok);

        REQUIRE(reader->assign(
            std::vector<core::AssignEntry>{{slot, 0, false}, {reader.slot(topic, 1), 0, false}}));
        REQUIRE(reader.until_seen(slot, 3));
        REQUIRE(reader->commit(2, {{slot, 3, "end"}}));
        CHECK(reader->close(10s));
    }
    Reader other({.topics = {topic}, .group = group});
    const auto found = other->committed({{topic, 0}}, 5s);
    CHECK(found[0].offset == 3);
    CHECK(found[0].metadata == "end");
}

TEST_CASE("a regex is matched whole, and never matches the route's own topics", "[group]") {
    kafka::EmbeddedBroker broker;
    for (const char* topic : {"orders", "orders.retry", "ordersXretry", "my-orders", "reorders"}) {
        broker.create_topic(topic, 1);
    }
    Reader whole({.topics = {"^orders"}}, cluster_of(broker));
    Reader open({.topics = {"^orders.*"}, .unwanted = {"orders.retry"}}, cluster_of(broker));
    whole->subscribe();
    open->subscribe();
    REQUIRE(whole.until([&] { return whole.control.assigned.has_value(); }));
    REQUIRE(open.until([&] { return open.control.assigned.has_value(); }));
    CHECK(assigned_topics(whole) == std::vector<std::string>{"orders"});
    CHECK(assigned_topics(open) == std::vector<std::string>{"orders", "ordersXretry"});
}

TEST_CASE("a consumer closes in time though its cluster is away", "[group]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    auto reader = std::make_unique<Reader>(Reader::Options{.topics = {topic}}, cluster_of(broker));
    (*reader)->subscribe();
    REQUIRE((*reader)->partition_count(topic, 5s) == 1);
    broker.take_down();
    const auto before = std::chrono::steady_clock::now();
    (*reader)->close(500ms);
    reader.reset();
    CHECK(std::chrono::steady_clock::now() - before < 5s);
}
