// What becomes of records that are sent.
#include "broker/world.h"
#include "support/catch.hpp"

#include <librdkafka/rdkafka.h>

#include <numeric>

using namespace laterd;
using namespace laterd::testing;
using Kind = kafka::SendResult::Kind;

namespace {

Record text(std::string value) {
    return {.key = std::nullopt, .value = std::move(value), .headers = {}};
}

}  // namespace

TEST_CASE("every accepted record is reported once, with what it was sent with", "[produce]") {
    const std::string topic = fresh_topic(1);
    Writer writer;
    for (int i = 0; i < 500; ++i) {
        REQUIRE(writer.send(topic, 0, text("v")).kind == Kind::accepted);
    }
    CHECK(writer->in_flight() == 500);
    REQUIRE(writer.until_reported(500));
    CHECK(writer->in_flight() == 0);
    std::vector<std::size_t> numbers;
    for (const auto& [number, error] : writer.reports) {
        numbers.push_back(number);
        CHECK(error == 0);
    }
    std::vector<std::size_t> expected(500);
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    CHECK(numbers == expected);
}

TEST_CASE("records of one key land in one partition", "[produce]") {
    const std::string topic = fresh_topic(7);
    Writer writer;
    for (int i = 0; i < 20; ++i) {
        writer.write(topic, -1, {.key = "the key", .value = std::to_string(i), .headers = {}});
    }
    Reader reader({.topics = {topic}});
    const auto ends = reader->log_ends(
        {{topic, 0}, {topic, 1}, {topic, 2}, {topic, 3}, {topic, 4}, {topic, 5}, {topic, 6}}, 5s);
    CHECK(std::count_if(ends.begin(), ends.end(), [](const auto& end) { return end.high == 20; }) == 1);
}

TEST_CASE("a transient error of the broker is retried until the record is in", "[produce]") {
    kafka::EmbeddedBroker& broker = shared_broker();
    const std::string topic = fresh_topic(1, broker);
    Writer writer(Writer::Options{}, cluster_of(broker));
    broker.inject(kafka::Request::produce,
                  {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
    writer.send(topic, 0, text("v"));
    REQUIRE(writer.until_reported(1));
    CHECK(writer.reports[0].second == 0);
}

TEST_CASE("a permanent error of the broker is reported as it is", "[produce]") {
    kafka::EmbeddedBroker& broker = shared_broker();
    const std::string topic = fresh_topic(1, broker);
    Writer writer(Writer::Options{}, cluster_of(broker));
    const kafka::ErrorCode error = GENERATE(kafka::ErrorCode{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE},
                                            kafka::ErrorCode{RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP},
                                            kafka::ErrorCode{RD_KAFKA_RESP_ERR_INVALID_RECORD});
    broker.inject(kafka::Request::produce, {error});
    writer.send(topic, 0, text("bad"));
    REQUIRE(writer.until_reported(1));
    CHECK(writer.reports[0].second == error);
    CHECK_FALSE(writer->fatal_error().has_value());

    writer.write(topic, 0, text("good"));
}

TEST_CASE("a topic that refused the client is written to again once it was asked for", "[produce]") {
    kafka::EmbeddedBroker& broker = shared_broker();
    const std::string topic = fresh_topic(1, broker);
    Writer writer(Writer::Options{}, cluster_of(broker));
    broker.inject(kafka::Request::produce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
    writer.send(topic, 0, text("refused"));
    REQUIRE(writer.until_reported(1));
    CHECK(kafka::classify(writer.reports[0].second).reason == core::Reason::not_authorised);

    // librdkafka remembers, and refuses the next ones by itself.
    const kafka::SendResult refused = writer.send(topic, 0, text("refused"));
    CHECK(refused.kind == Kind::refused);
    CHECK(kafka::classify(refused.error).reason == core::Reason::not_authorised);

    CHECK(writer->refresh(writer->topic(topic), 5s).exists);
    writer.write(topic, 0, text("in time"));
}

TEST_CASE("a full queue is told apart, and empties itself", "[produce]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    Writer writer({.queue_bytes = 1}, cluster_of(broker));
    writer.write(topic, 0, text("first"));
    broker.take_down();
    std::size_t accepted = 0;
    Kind last = Kind::accepted;
    while (last == Kind::accepted && accepted < 1'000'000) {
        last = writer.send(topic, 0, text("v")).kind;
        accepted += last == Kind::accepted ? 1U : 0U;
    }
    CHECK(last == Kind::full);
    CHECK(writer->in_flight() == accepted);
    broker.bring_up();
    REQUIRE(writer.until_reported(accepted));
    CHECK(writer.send(topic, 0, text("v")).kind == Kind::accepted);
}

TEST_CASE("a record that is larger than the queue's budget is sent all the same", "[produce]") {
    const std::string topic = fresh_topic(1);
    Writer writer({.queue_bytes = 1});
    writer.write(topic, 0, text(std::string(3'000'000, 'x')));
}

TEST_CASE("a missing topic is reported within seconds, and written to once it is there", "[produce]") {
    kafka::EmbeddedBroker& broker = shared_broker();
    const std::string topic = fresh_topic(1, broker);
    Writer writer(Writer::Options{}, cluster_of(broker));
    broker.fail_topic(topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    writer.send(topic, 0, text("too early"));
    REQUIRE(writer.until_reported(1, 15s));
    CHECK(kafka::classify(writer.reports[0].second).reason == core::Reason::target_missing);
    const kafka::TopicState missing = writer->refresh(writer->topic(topic), 5s);
    CHECK(missing.known);
    CHECK_FALSE(missing.exists);

    broker.fail_topic(topic, 0);
    const kafka::TopicState found = writer->refresh(writer->topic(topic), 5s);
    CHECK(found.exists);
    CHECK(found.partitions == 1);
    writer.write(topic, 0, text("in time"));
}

TEST_CASE("a partition that does not exist is target-missing", "[produce]") {
    const std::string topic = fresh_topic(2);
    Writer writer;
    writer.write(topic, 1, text("v"));
    const kafka::SendResult result = writer.send(topic, 2, text("v"));
    kafka::ErrorCode error = result.error;
    if (result.kind == Kind::accepted) {
        REQUIRE(writer.until_reported(1, 5s));
        error = writer.reports.back().second;
    }
    CHECK(kafka::classify(error).reason == core::Reason::target_missing);
}

TEST_CASE("purging gives up what is unsent and reports it", "[produce]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    Writer writer(Writer::Options{}, cluster_of(broker));
    writer.write(topic, 0, text("first"));
    broker.take_down();
    writer.send(topic, 0, text("v"));
    writer->purge_unsent();
    REQUIRE(writer.until_reported(1));
    CHECK(kafka::classify(writer.reports.back().second).result == core::Outcome::Result::not_attempted);
}

TEST_CASE("closing reports everything, though the cluster is away", "[produce]") {
    kafka::EmbeddedBroker broker;
    const std::string topic = fresh_topic(1, broker);
    const bool known_before = GENERATE(true, false);
    const auto before = std::chrono::steady_clock::now();
    {
        Writer writer(Writer::Options{}, cluster_of(broker));
        if (known_before) {
            writer.write(topic, 0, text("first"));
            writer.reports.clear();
        }
        broker.take_down();
        for (int i = 0; i < 100; ++i) {
            writer.send(topic, 0, text("v"));
        }
        writer.close(5s);
        CHECK(writer.reports.size() == 100);
        CHECK(writer->in_flight() == 0);
    }
    CHECK(std::chrono::steady_clock::now() - before < 10s);
}

TEST_CASE("in isolation every record has a request of its own", "[produce]") {
    kafka::EmbeddedBroker& broker = shared_broker();
    const std::string topic = fresh_topic(1, broker);
    Writer writer({.one_record_per_request = true}, cluster_of(broker));
    writer.write(topic, 0, text("first"));
    writer.reports.clear();
    broker.inject(kafka::Request::produce,
                  {RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    for (int i = 0; i < 4; ++i) {
        writer.send(topic, 0, text("v"));
    }
    REQUIRE(writer.until_reported(4));
    CHECK(std::count_if(writer.reports.begin(), writer.reports.end(),
                        [](auto& r) { return r.second != 0; }) == 1);
}
