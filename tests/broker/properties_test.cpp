#include "kafka/properties.h"
#include "support/catch.hpp"

#include <librdkafka/rdkafka.h>

#include <array>

using namespace laterd;
using Catch::Contains;

namespace {

std::string get(const kafka::Conf& conf, const char* name) {
    std::array<char, 4096> value{};
    std::size_t size = value.size();
    if (rd_kafka_conf_get(conf.get(), name, value.data(), &size) != RD_KAFKA_CONF_OK) {
        return "(none)";
    }
    return value.data();
}

struct Given {
    config::Cluster cluster{.name = "main", .brokers = {"a:1", "b:2"}, .properties = {}, .secrets = {}};
    config::From from{.cluster = "main", .topics = {"orders"}, .group = "later", .properties = {}};
    config::Properties to;
    std::uint64_t prefetch = 4 << 20;

    kafka::Conf consumer(const std::string& instance = "", std::vector<std::string> unwanted = {}) const {
        return kafka::consumer_conf({.cluster = cluster,
                                     .from = from,
                                     .name = "orders-1",
                                     .instance = instance,
                                     .prefetch_bytes = prefetch,
                                     .unwanted = std::move(unwanted)});
    }
    kafka::Conf producer() const {
        return kafka::producer_conf(
            {.cluster = cluster, .properties = to, .name = "orders-1", .queue_bytes = 1 << 20});
    }
};

}  // namespace

TEST_CASE("a consumer has the properties that laterd relies on", "[properties]") {
    const kafka::Conf conf = Given().consumer("node-7");
    CHECK(get(conf, "bootstrap.servers") == "a:1,b:2");
    CHECK(get(conf, "group.id") == "later");
    CHECK(get(conf, "group.instance.id") == "node-7");
    CHECK(get(conf, "client.id") == "orders-1");
    CHECK(get(conf, "enable.auto.commit") == "false");
    CHECK(get(conf, "enable.auto.offset.store") == "false");
    CHECK(get(conf, "auto.offset.reset") == "error");
    CHECK(get(conf, "enable.partition.eof") == "true");
    CHECK(get(conf, "partition.assignment.strategy") == "range");
    CHECK(get(conf, "isolation.level") == "read_committed");
    CHECK(get(conf, "session.timeout.ms") == "10000");
    CHECK(get(conf, "allow.auto.create.topics") == "false");
    CHECK(get(conf, "topic.metadata.refresh.interval.ms") == "30000");
}

TEST_CASE("a producer has the properties that laterd relies on", "[properties]") {
    const kafka::Conf conf = Given().producer();
    CHECK(get(conf, "enable.idempotence") == "true");
    CHECK(get(conf, "partitioner") == "murmur2_random");
    CHECK(get(conf, "message.timeout.ms") == "0");
    CHECK(get(conf, "allow.auto.create.topics") == "false");
}

TEST_CASE("the user's properties win over laterd's defaults", "[properties]") {
    Given given;
    given.cluster.properties = {{"session.timeout.ms", "20000"}, {"client.id", "shared"}};
    given.from.properties = {{"session.timeout.ms", "30000"}, {"fetch.wait.max.ms", "7"}};
    given.to = {{"linger.ms", "3"}};
    const kafka::Conf consumer = given.consumer();
    CHECK(get(consumer, "session.timeout.ms") == "30000");
    CHECK(get(consumer, "fetch.wait.max.ms") == "7");
    CHECK(get(consumer, "client.id") == "shared");
    CHECK(get(given.producer(), "linger.ms") == "3");
}

TEST_CASE("the prefetch limits follow the cap of a partition", "[properties]") {
    Given given;
    const auto [cap, fetch, kbytes, records] =
        GENERATE(table<std::uint64_t, std::string, std::string, std::string>({
            {64 << 10, "32768", "64", "2000"},
            {1 << 20, "262144", "512", "2621"},
            {16 << 20, "1048576", "8192", "41943"},
        }));
    given.prefetch = cap;
    const kafka::Conf conf = given.consumer();
    CHECK(get(conf, "fetch.message.max.bytes") == fetch);
    CHECK(get(conf, "queued.max.messages.kbytes") == kbytes);
    CHECK(get(conf, "queued.min.messages") == records);
}

TEST_CASE("secrets reach librdkafka, and no message of an error", "[properties]") {
    Given given;
    given.cluster.secrets.emplace("sasl.password", config::Secret("swordfish"));
    CHECK(get(given.consumer(), "sasl.password") == "swordfish");

    given.cluster.secrets.emplace("session.timeout.ms", config::Secret("swordfish"));
    CHECK_THROWS_WITH(given.consumer(), Contains("session.timeout.ms") && !Contains("swordfish"));
}

TEST_CASE("a property that librdkafka does not know is named", "[properties]") {
    Given given;
    given.to = {{"no.such", "1"}};
    CHECK_THROWS_WITH(given.producer(), Contains("no.such"));
}

TEST_CASE("a regex is wrapped so that it matches whole, a name is not", "[properties]") {
    CHECK(kafka::whole_pattern("orders.v1") == "orders.v1");
    CHECK(kafka::whole_pattern("^orders|bills") == "^(orders|bills)$");
    CHECK(get(Given().consumer("", {"a.b", "c"}), "topic.blacklist") == "^a[.]b$,^c$");
}
