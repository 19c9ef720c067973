#include "runtime/reach.h"

#include <algorithm>
#include <string>
#include <vector>

#include "kafka/embedded_broker.h"
#include "kafka/source_pattern.h"
#include "support/catch.hpp"

using namespace laterd;
using Names = std::vector<std::string>;

namespace {

config::Route route(const std::string& name, Names sources) {
    config::Route made{.name = name};
    made.from.topics = std::move(sources);
    made.to.topic = name + ".out";
    made.retry.topic = name + ".retry";
    made.wait_topic = name + ".wait";
    made.dead_letter = config::DeadLetter{.topic = "dead"};
    return made;
}

Names unwanted(const std::vector<config::Route>& routes, std::size_t which) {
    config::RoutingTable table;
    table.routes = routes;
    Names names = kafka::unwanted_topics(table, table.routes[which]);
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_CASE("a regex matches no topic that the file writes, and its route still sees its own", "[reach]") {
    const std::vector<config::Route> routes{route("a", {"^.*"}), route("b", {"in"})};
    CHECK(unwanted(routes, 0) == Names{"a.out", "b.out", "b.retry", "b.wait", "dead"});
    CHECK(unwanted(routes, 1).empty());
}

TEST_CASE("what a route names as a source stays visible to it", "[reach]") {
    const std::vector<config::Route> routes{route("a", {"^.*", "b.out", "dead"}), route("b", {"in"})};
    CHECK(unwanted(routes, 0) == Names{"a.out", "b.retry", "b.wait"});
}

TEST_CASE("a regex stands for the names that it matches whole, by POSIX rules", "[reach]") {
    config::RoutingTable table;
    table.routes = {route("a", {"^orders[.](eu|us)", "^a.*", "^(", "^[[:digit:]]+"})};
    const Names names{"orders.eu", "orders.eu.old", "my.orders.eu", "ordersxeu",
                      "a.in",      "a.out",         "a.retry",      "2026"};
    const auto matched = [&](std::size_t number) {
        return kafka::matching(names, table.routes[0].from.topics[number], table, table.routes[0]);
    };
    CHECK(matched(0) == Names{"orders.eu"});
    CHECK(matched(1) == Names{"a.in"});  // not what the route writes
    CHECK(matched(2).empty());
    CHECK(matched(3) == Names{"2026"});
}

TEST_CASE("a route with a handler writes no target, and its limit is not asked for", "[reach]") {
    config::Route calling = route("a", {"^.*"});
    calling.to = {};
    calling.retry.topic.clear();
    calling.wait_topic.clear();
    calling.handler = config::HandlerSink{.socket = "/s"};
    CHECK(unwanted({calling}, 0) == Names{"dead"});
    CHECK_FALSE(runtime::target_max_message_bytes({}, calling));
}

// One topic that is there is enough: the embedded broker leaves a question for settings unanswered for seconds.
TEST_CASE("a worker counts the partitions of all topics that it reads, and misses those that are not there",
          "[reach]") {
    constexpr kafka::ErrorCode k_unknown_topic = 3;
    kafka::EmbeddedBroker broker;
    broker.create_topic("a.wait", 5);
    for (const char* topic : {"in", "a.retry"}) {
        broker.create_topic(topic, 1);
        broker.fail_topic(topic, k_unknown_topic);
    }
    config::RoutingTable table;
    table.clusters = {{.name = "main", .brokers = broker.bootstrap()}};
    table.routes = {route("a", {"in"})};
    table.routes[0].from.cluster = "main";
    table.routes[0].dead_letter.reset();
    table.routes[0].handler = config::HandlerSink{.socket = "/s"};

    const runtime::Reached reached = runtime::reach(table, table.routes[0]);
    CHECK(reached.ok);
    CHECK(reached.partitions == 5);
    CHECK(reached.missing == std::vector<std::string>{"a.retry", "in"});
    CHECK_FALSE(reached.target_max_message_bytes);
}
