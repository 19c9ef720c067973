// What librdkafka says about properties reaches the right place of the file.
#include "config/property.h"

#include <algorithm>
#include <string>
#include <vector>

#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;
using config::PropertyProblem;
using config::Severity;

namespace {

const std::string k_table = R"(clusters:
  main: {brokers: [a:1], properties: {one: 1, two: 2}}
routes:
  r:
    from: {topics: [in], group: g, properties: {three: 3}}
    delay: 1m
    to: {topic: out, properties: {four: 4}}
)";

// Answers with `problem` whenever its property is there, or always when it has none, for one kind of client.
config::PropertyCheck answering(PropertyProblem problem, bool for_consumers) {
    return [=](const config::Properties& properties, bool consumer) {
        const bool applies = problem.property.empty() || properties.contains(problem.property);
        return applies && consumer == for_consumers ? std::vector<PropertyProblem>{problem}
                                                    : std::vector<PropertyProblem>{};
    };
}

std::string answer(const PropertyProblem& problem, bool for_consumers) {
    return support::explain(support::load(k_table, {}, answering(problem, for_consumers)));
}

}  // namespace

TEST_CASE("a route's properties are judged together with its cluster's, for the right kind of client",
          "[config]") {
    std::vector<std::pair<config::Properties, bool>> asked;
    support::load(k_table, {}, [&](const config::Properties& properties, bool consumer) {
        asked.emplace_back(properties, consumer);
        return std::vector<PropertyProblem>{};
    });
    const config::Properties cluster{{"one", "1"}, {"two", "2"}};
    const config::Properties source{{"one", "1"}, {"two", "2"}, {"three", "3"}};
    const config::Properties target{{"one", "1"}, {"two", "2"}, {"four", "4"}};
    CHECK(asked == std::vector<std::pair<config::Properties, bool>>{
                       {cluster, true}, {cluster, false}, {source, true}, {target, false}});
}

TEST_CASE("a problem stands at the property that has it, once", "[config]") {
    CHECK(answer({.property = "two", .text = "bad"}, true) == "t:2:52: clusters.main.properties.two: bad\n");
    CHECK(answer({.property = "two", .text = "bad"}, false) == "t:2:52: clusters.main.properties.two: bad\n");
    CHECK(answer({.property = "three", .text = "bad"}, true) ==
          "t:5:56: routes.r.from.properties.three: bad\n");
    CHECK(answer({.property = "four", .text = "bad"}, false) == "t:7:41: routes.r.to.properties.four: bad\n");
}

TEST_CASE("a problem of all properties together stands at the cluster when the cluster has it", "[config]") {
    CHECK(answer({.property = {}, .text = "bad"}, true) == "t:2:26: clusters.main.properties: bad\n");
}

TEST_CASE("a problem that comes with the route's properties stands there", "[config]") {
    const auto check = [](const config::Properties& properties, bool) {
        return properties.contains("three")
                   ? std::vector<PropertyProblem>{{.property = {}, .text = "do not fit"}}
                   : std::vector<PropertyProblem>{};
    };
    CHECK(support::explain(support::load(k_table, {}, check)) ==
          "t:5:36: routes.r.from.properties: do not fit\n");
}

TEST_CASE("what a client ignores is a warning at a route and nothing at a cluster, which has both kinds",
          "[config]") {
    const auto ignored = [](const std::string& name) {
        return PropertyProblem{.severity = Severity::warning, .property = name, .text = "ignored"};
    };
    CHECK(answer(ignored("one"), true).empty());
    CHECK(answer(ignored("three"), true) == "t:5:56: routes.r.from.properties.three: warning: ignored\n");
}

TEST_CASE("when a property was refused already, the rest is not blamed for not fitting together",
          "[config]") {
    const std::string table = R"(clusters:
  main: {brokers: [a:1], properties: {group.id: x}}
routes:
  r: {from: {topics: [in], group: g}, delay: 1m, to: {topic: out}}
)";
    const config::Loaded loaded =
        support::load(table, {}, answering({.property = {}, .text = "do not fit"}, true));
    REQUIRE(loaded.findings.size() == 1);
    CHECK(loaded.findings[0].path == "clusters.main.properties.\"group.id\"");
}

TEST_CASE("every property that laterd owns is refused, its other names too, and the message has the list",
          "[config]") {
    for (const char* name :
         {"bootstrap.servers", "metadata.broker.list", "group.id", "group.instance.id", "enable.auto.commit",
          "auto.commit.enable", "enable.auto.offset.store", "auto.offset.reset", "enable.partition.eof",
          "partition.assignment.strategy", "group.protocol", "acks", "request.required.acks",
          "enable.idempotence", "transactional.id", "partitioner", "allow.auto.create.topics",
          "plugin.library.paths"}) {
        CAPTURE(name);
        config::Findings findings;
        CHECK(config::refuse_owned(name, config::Path() / name, findings));
        const std::vector<config::Finding> found = findings.take();
        REQUIRE(found.size() == 1);
        CHECK_THAT(found[0].text, Catch::Contains("bootstrap.servers") && Catch::Contains("partitioner"));
    }
    config::Findings findings;
    for (const char* name : {"session.timeout.ms", "linger.ms", "client.id", "group"}) {
        CHECK_FALSE(config::refuse_owned(name, {}, findings));
    }
    CHECK_FALSE(findings.has_error());
}
