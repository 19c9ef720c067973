// What changes when the routing table is read again.
#include "config/difference.h"

#include <string>
#include <vector>

#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;
using config::Difference;
using config::RouteDifference;
using Kind = RouteDifference::Kind;

namespace {

config::RoutingTable table_of(const std::string& text, const std::string& password = "old") {
    const auto read = [&](const std::filesystem::path&) -> config::Parsed<config::SecretFile> {
        return config::SecretFile{.content = password};
    };
    const config::Loaded loaded = config::load_text(text, "/table", support::environment_of({}), {}, read);
    INFO(support::explain(loaded));
    REQUIRE(loaded.table);
    return *loaded.table;
}

const std::string k_two_clusters = R"(
clusters:
  near: {brokers: [kafka-1:9092], secrets: {sasl.password: password}}
  far: {brokers: [kafka-2:9092], properties: {sasl.password: one}}
)";
const std::string k_orders =
    "  orders: {from: {cluster: near, topics: [orders], group: o}, delay: 15m, to: {cluster: near, topic: "
    "orders.later}}\n";
const std::string k_payments =
    "  payments: {from: {cluster: near, topics: [payments], group: p}, delay: 1m, to: {cluster: far, topic: "
    "payments.later}}\n";
const std::string k_both = k_two_clusters + "routes:\n" + k_orders + k_payments;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

Difference difference(const config::RoutingTable& before, const config::RoutingTable& after) {
    return config::difference(before, after, {});
}

Difference difference(const std::string& before, const std::string& after) {
    return difference(table_of(before), table_of(after));
}

}  // namespace

TEST_CASE("a table that says the same in other words differs in nothing", "[config]") {
    CHECK(difference(k_both, k_both).is_empty());
    CHECK(difference(k_both, replaced(k_both, "delay: 15m", "due: {delay: 900s, max: 75m}")).is_empty());
    CHECK(difference(k_both, k_two_clusters + "routes:\n" + k_payments + k_orders).is_empty());
    CHECK(difference(k_both, k_both + "log: {level: info}\nlimits: {memory: 262144KiB}\n").is_empty());
}

TEST_CASE("a route differs by the paths of its keys, and only that one", "[config]") {
    const Difference found = difference(k_both, replaced(replaced(k_both, "delay: 15m", "delay: 20m"),
                                                         "group: o", "group: o, start: latest"));
    CHECK(found.routes ==
          std::vector<RouteDifference>{
              {Kind::changed,
               "orders",
               {"routes.orders.from.start", "routes.orders.due.delay", "routes.orders.due.max"}}});
    CHECK(found.at_once.empty());
    CHECK(found.needs_restart.empty());
    REQUIRE(found.find("orders") != nullptr);
    CHECK(found.find("payments") == nullptr);
}

TEST_CASE("a section that comes or goes is one key", "[config]") {
    const std::string without = replaced(k_both, "delay: 1m", "delay: 1m, order: due");
    const std::string with = replaced(without, "order: due", "order: due, wait: {topic: payments.wait}");
    for (const Difference& found : {difference(without, with), difference(with, without)}) {
        CHECK(found.routes ==
              std::vector<RouteDifference>{{Kind::changed, "payments", {"routes.payments.wait"}}});
    }
}

TEST_CASE("routes are added and removed, by their entry or by enabled", "[config]") {
    const std::string one = k_two_clusters + "routes:\n" + k_orders;
    CHECK(difference(one, k_both).routes ==
          std::vector<RouteDifference>{{Kind::added, "payments", {"routes.payments"}}});
    CHECK(difference(k_both, one).routes ==
          std::vector<RouteDifference>{{Kind::removed, "payments", {"routes.payments"}}});
    const std::string off = replaced(k_both, "delay: 1m", "delay: 1m, enabled: false");
    CHECK(difference(off, k_both).routes ==
          std::vector<RouteDifference>{{Kind::added, "payments", {"routes.payments.enabled"}}});
    CHECK(difference(k_both, off).routes ==
          std::vector<RouteDifference>{{Kind::removed, "payments", {"routes.payments.enabled"}}});
    CHECK(difference(off, one).is_empty());
    CHECK(difference(off, replaced(off, "delay: 1m", "delay: 2m")).is_empty());
}

TEST_CASE("a cluster that changes takes the routes along that use it", "[config]") {
    CHECK(difference(k_both, replaced(k_both, "kafka-2:9092", "kafka-3:9092")).routes ==
          std::vector<RouteDifference>{{Kind::changed, "payments", {"clusters.far.brokers"}}});
    const Difference near = difference(k_both, replaced(k_both, "kafka-1:9092", "kafka-0:9092"));
    REQUIRE(near.routes.size() == 2);
    CHECK(near.routes[0] == RouteDifference{Kind::changed, "orders", {"clusters.near.brokers"}});
    CHECK(near.routes[1] == RouteDifference{Kind::changed, "payments", {"clusters.near.brokers"}});
}

TEST_CASE("the content of a secret makes its routes differ and is told by its key", "[config]") {
    const Difference file = difference(table_of(k_both, "old"), table_of(k_both, "new"));
    REQUIRE(file.routes.size() == 2);
    CHECK(file.routes[0] ==
          RouteDifference{Kind::changed, "orders", {R"(clusters.near.secrets."sasl.password")"}});
    CHECK(difference(k_both, replaced(k_both, "password: one", "password: two")).routes ==
          std::vector<RouteDifference>{
              {Kind::changed, "payments", {R"(clusters.far.properties."sasl.password")"}}});
    const std::string own = replaced(k_both, "group: o", "group: o, properties: {ssl.key.password: one}");
    CHECK(difference(own, replaced(own, "password: one}}, delay", "password: two}}, delay")).routes ==
          std::vector<RouteDifference>{
              {Kind::changed, "orders", {R"(routes.orders.from.properties."ssl.key.password")"}}});
}

TEST_CASE(
    "another content of a certificate makes its routes differ; where the client does not look, nothing does",
    "[config]") {
    const std::string certified =
        replaced(k_both, "secrets: {sasl.password: password}",
                 "properties: {ssl.certificate.location: /tls/cert.pem, ssl.cipher.suites: /tls/none}");
    const Difference found = difference(table_of(certified, "old"), table_of(certified, "new"));
    REQUIRE(found.routes.size() == 2);
    CHECK(found.routes[0] == RouteDifference{Kind::changed,
                                             "orders",
                                             {R"(clusters.near.properties."ssl.certificate.location")"}});
    CHECK(difference(table_of(certified, "old"), table_of(certified, "old")).is_empty());
}

TEST_CASE("a secret that moves between a file and a property is a difference", "[config]") {
    const std::string moved =
        replaced(k_both, "secrets: {sasl.password: password}", "properties: {sasl.password: old}");
    const Difference found = difference(k_both, moved);
    REQUIRE(found.routes.size() == 2);
    CHECK(found.routes[0].keys ==
          std::vector<std::string>{"clusters.near.properties", "clusters.near.secrets"});
}

TEST_CASE("settings of every worker make every route differ", "[config]") {
    const Difference found = difference(k_both, k_both + "commit_interval: 2s\ndrain_timeout: 5s\n");
    REQUIRE(found.routes.size() == 2);
    for (const RouteDifference& route : found.routes) {
        CHECK(route.kind == Kind::changed);
        CHECK(route.keys == std::vector<std::string>{"commit_interval", "drain_timeout"});
    }
}

TEST_CASE("what needs a restart is named and stays as it was; the log changes at once", "[config]") {
    const config::RoutingTable before = table_of(k_both);
    const config::RoutingTable after = table_of(k_both +
                                                "limits: {memory: 512MiB}\ninstance: node-7\nadmin: {listen: "
                                                "127.0.0.1:9464}\nlog: {level: debug, format: json}\n");
    const Difference found = difference(before, after);
    CHECK(found.routes.empty());
    CHECK(found.needs_restart == std::vector<std::string>{"admin", "instance", "limits.memory"});
    CHECK(found.at_once == std::vector<std::string>{"log.level", "log.format"});
    // It is in force with the old values: the next reload names them again.
    const config::RoutingTable in_force = config::keep_until_restart(before, after);
    CHECK(difference(before, in_force).needs_restart.empty());
    CHECK(difference(in_force, after).needs_restart == found.needs_restart);
    CHECK(difference(in_force, after).at_once.empty());
}

TEST_CASE("a route whose regex stands for other topics than before differs by its topics", "[config]") {
    const config::RoutingTable before = table_of(k_both);
    const Difference found = config::difference(
        before, before,
        [](const auto&, const auto&, const config::Route& route) { return route.name == "orders"; });
    CHECK(found.routes ==
          std::vector<RouteDifference>{{Kind::changed, "orders", {"routes.orders.from.topics"}}});
}
