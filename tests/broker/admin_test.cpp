#include "kafka/admin.h"

#include "broker/world.h"
#include "support/catch.hpp"

#include <librdkafka/rdkafka.h>

using namespace laterd;
using namespace laterd::testing;
using State = kafka::TopicFacts::State;

TEST_CASE("a cluster that answers is reachable, one that does not is not", "[admin]") {
    kafka::EmbeddedBroker broker;
    const config::Cluster cluster = cluster_of(broker);
    kafka::Admin admin({.cluster = cluster, .name = "check"});
    const kafka::ClusterFacts there = admin.cluster(10s);
    CHECK(there.reachable);
    CHECK(there.brokers == 1);

    broker.take_down();
    kafka::Admin late({.cluster = cluster, .name = "check"});
    const kafka::ClusterFacts away = late.cluster(500ms);
    CHECK_FALSE(away.reachable);
    CHECK(away.authorised);
    CHECK_FALSE(away.error.empty());
}

TEST_CASE("a topic's state and partition count are told", "[admin]") {
    kafka::EmbeddedBroker broker;
    broker.create_topic("there", 3);
    broker.create_topic("missing", 1);
    broker.fail_topic("missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    const config::Cluster cluster = cluster_of(broker);
    kafka::Admin admin({.cluster = cluster, .name = "check"});

    const kafka::TopicFacts there = admin.topic("there", 10s);
    CHECK(there.state == State::exists);
    CHECK(there.partitions == 3);
    // The embedded broker has no configurations to describe.
    CHECK_FALSE(there.max_message_bytes.has_value());

    CHECK(admin.topic("missing", 10s).state == State::missing);
}

TEST_CASE("the topics of a cluster are listed", "[admin]") {
    kafka::EmbeddedBroker broker;
    broker.create_topic("one", 1);
    broker.create_topic("two", 1);
    const config::Cluster cluster = cluster_of(broker);
    kafka::Admin admin({.cluster = cluster, .name = "check"});
    const auto names = admin.topics(5s);
    REQUIRE(names.has_value());
    CHECK(*names == std::vector<std::string>{"one", "two"});
}
