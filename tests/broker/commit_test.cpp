// Committing, and asking for positions.
#include "broker/world.h"
#include "support/catch.hpp"

#include <librdkafka/rdkafka.h>

using namespace laterd;
using namespace laterd::testing;
using Answer = core::CommitAnswer::Result;

namespace {

// Commits and waits for the answer.
std::vector<kafka::CommitResult> commit(Reader& reader, std::uint64_t id,
                                        const std::vector<kafka::CommitWish>& wishes) {
    reader.control.answers.clear();
    REQUIRE(reader->commit(id, wishes));
    REQUIRE(reader.until([&] { return !reader.control.answers.empty(); }));
    REQUIRE(reader.control.answers.size() == 1);
    CHECK(reader.control.answers.front().first == id);
    return reader.control.answers.front().second;
}

}  // namespace

TEST_CASE("a commit is answered with its id, and read back with its metadata", "[commit]") {
    const std::string topic = fresh_topic(3);
    Reader reader({.topics = {topic}});
    const core::Slot first = reader.slot(topic, 0);
    const core::Slot second = reader.slot(topic, 1);
    const auto results = commit(reader, 7, {{first, 12, "a note"}, {second, 0, ""}});
    REQUIRE(results.size() == 2);
    for (const kafka::CommitResult& result : results) {
        CHECK(result.result == Answer::ok);
        CHECK(result.error.empty());
    }
    CHECK(results[0].slot == first);
    CHECK(results[0].offset == 12);

    const auto found = reader->committed({{topic, 0}, {topic, 1}, {topic, 2}}, 5s);
    REQUIRE(found.size() == 3);
    CHECK(found[0].known);
    CHECK(found[0].offset == 12);
    CHECK(found[0].metadata == "a note");
    CHECK(found[1].offset == 0);
    CHECK(found[1].metadata.empty());
    INFO(found[2].error);
    CHECK(found[2].known);
    CHECK_FALSE(found[2].offset.has_value());
}

TEST_CASE("committed offsets that are not answered are unknown, never none", "[commit]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    Reader reader({.topics = {topic}}, cluster_of(broker));
    SECTION("while the cluster is away") {
        broker.take_down();
    }
    SECTION("when the broker answers with an error") {
        broker.inject(kafka::Request::offset_fetch,
                      std::vector<kafka::ErrorCode>(50, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED));
    }
    const auto found = reader->committed({{topic, 0}}, 500ms);
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found[0].known);
    CHECK_FALSE(found[0].error.empty());
}

TEST_CASE("a refused commit says whether this is still a member", "[commit]") {
    kafka::EmbeddedBroker& broker = shared_broker();
    const std::string topic = fresh_topic(1, broker);
    Reader reader({.topics = {topic}}, cluster_of(broker));
    const core::Slot slot = reader.slot(topic, 0);
    const auto [code, expected] = GENERATE(
        table<kafka::ErrorCode, Answer>({{RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, Answer::not_member},
                                         {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, Answer::not_member},
                                         {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, Answer::failed},
                                         {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, Answer::failed}}));
    broker.inject(kafka::Request::offset_commit, {code});
    const auto results = commit(reader, 1, {{slot, 3, ""}});
    REQUIRE(results.size() == 1);
    CHECK(results[0].result == expected);
    CHECK_FALSE(results[0].error.empty());

    CHECK(commit(reader, 2, {{slot, 3, ""}})[0].result == Answer::ok);
}

TEST_CASE("the ends of a log are told for all partitions at once", "[commit]") {
    const std::string topic = fresh_topic(2);
    Writer().fill(topic, 1, 8);
    Reader reader({.topics = {topic}});
    const auto ends = reader->log_ends({{topic, 0}, {topic, 1}}, 5s);
    REQUIRE(ends.size() == 2);
    INFO(ends[0].error);
    CHECK(ends[0].known);
    CHECK(ends[0].low == 0);
    CHECK(ends[0].high == 0);
    CHECK(ends[1].known);
    CHECK(ends[1].high == 8);
}

TEST_CASE("the ends of a log are unknown while the cluster is away", "[commit]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    Reader reader({.topics = {topic}}, cluster_of(broker));
    broker.take_down();
    const auto ends = reader->log_ends({{topic, 0}}, 300ms);
    REQUIRE(ends.size() == 1);
    CHECK_FALSE(ends[0].known);
    // It is the cluster, not the client.
    const auto search = [&] { return reader->search({{topic, 0}}, 300ms, [] { return false; }); };
    CHECK(search() == kafka::Search::nowhere);
    broker.bring_up();
    CHECK(reader.until([&] { return search() == kafka::Search::found; }));
}

TEST_CASE("the number of partitions is asked of the cluster", "[commit]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(5, broker);
    Reader reader({.topics = {topic}}, cluster_of(broker));
    CHECK(reader->partition_count(topic, 5s) == 5);
    broker.take_down();
    CHECK_FALSE(reader->partition_count(topic, 200ms).has_value());
}

TEST_CASE("a dead cluster is told, and not as a fatal error", "[commit]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    Reader reader({.topics = {topic}}, cluster_of(broker));
    REQUIRE(reader->partition_count(topic, 5s) == 1);
    broker.take_down();
    REQUIRE(reader.until([&] { return !reader.control.errors.empty(); }));
    CHECK_FALSE(reader.control.errors.front().second);
}
