// What `check --connect` finds out about a real cluster.
#include "kafka/admin.h"

#include <algorithm>

#include "conformance/real_kafka.h"
#include "support/await.h"
#include "support/catch.hpp"

using namespace laterd;
using namespace laterd::conformance;
using namespace laterd::testing;
using State = kafka::TopicFacts::State;

TEST_CASE("a topic's settings are told", "[admin]") {
    RealKafka& kafka = RealKafka::shared();
    const std::string topic = kafka.topic(3, {{"max.message.bytes", "123456"},
                                              {"retention.ms", "777000"},
                                              {"retention.bytes", "-1"},
                                              {"cleanup.policy", "compact,delete"},
                                              {"message.timestamp.type", "LogAppendTime"}});
    kafka::Admin admin({.cluster = kafka.as_laterd(), .name = "check"});
    const kafka::TopicFacts facts = admin.topic(topic, k_patience);
    CHECK(facts.state == State::exists);
    CHECK(facts.partitions == 3);
    CHECK(facts.max_message_bytes == 123'456);
    CHECK(facts.retention_ms == 777'000);
    CHECK(facts.retention_bytes == -1);
    CHECK(facts.compacted == true);
    CHECK(facts.deletes == true);
    CHECK(facts.log_append_time == true);
}

TEST_CASE("a topic that may not be described is told so", "[admin]") {
    RealKafka& kafka = RealKafka::shared();
    const std::string topic = kafka.topic();
    kafka::Admin admin({.cluster = kafka.as_laterd(), .name = "check"});
    kafka.admin().deny("laterd", RD_KAFKA_ACL_OPERATION_DESCRIBE, topic);
    CHECK(support::eventually(k_patience,
                              [&] { return admin.topic(topic, k_patience).state == State::not_authorised; }));
}

TEST_CASE("asking for a topic does not create it", "[admin]") {
    RealKafka& kafka = RealKafka::shared();
    kafka::Admin admin({.cluster = kafka.cluster(), .name = "check"});
    CHECK(admin.topic("not-created-by-asking", k_patience).state == State::missing);
    const auto reader = kafka.reader("not-created-by-asking");
    CHECK_FALSE((*reader)->partition_count("not-created-by-asking", k_patience).has_value());

    Writer writer(Writer::Options{}, kafka.cluster());
    writer->refresh(writer->topic("not-created-by-asking"), k_patience);
    writer.send("not-created-by-asking", 0, {.value = "v", .headers = {}});
    REQUIRE(writer.until_reported(1));
    CHECK(kafka::classify(writer.reports[0].second).reason == core::Reason::target_missing);

    const auto names = admin.topics(k_patience);
    REQUIRE(names.has_value());
    CHECK(std::find(names->begin(), names->end(), "not-created-by-asking") == names->end());
}

TEST_CASE("a wrong password is told apart from a cluster that is away", "[admin]") {
    config::Cluster wrong = RealKafka::shared().as_laterd();
    wrong.secrets.insert_or_assign("sasl.password", config::Secret("swordfish"));
    kafka::Admin admin({.cluster = wrong, .name = "check"});
    const kafka::ClusterFacts facts = admin.cluster(k_patience);
    CHECK_FALSE(facts.reachable);
    CHECK_FALSE(facts.authorised);
    CHECK_THAT(facts.error, !Catch::Contains("swordfish"));

    kafka::Admin right({.cluster = RealKafka::shared().as_laterd(), .name = "check"});
    CHECK(right.cluster(k_patience).reachable);
}

TEST_CASE("a group that may not be used is told so", "[admin]") {
    RealKafka& kafka = RealKafka::shared();
    kafka::Admin admin({.cluster = kafka.as_laterd(), .name = "check"});
    CHECK(admin.may_use_group("fresh-group", k_patience) == true);
    kafka.admin().deny("laterd", RD_KAFKA_ACL_OPERATION_DESCRIBE, "forbidden-group", RD_KAFKA_RESOURCE_GROUP);
    CHECK(support::eventually(k_patience,
                              [&] { return admin.may_use_group("forbidden-group", k_patience) == false; }));
}
