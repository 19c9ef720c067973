// From the text of a file to the structs that the rest of laterd uses.
#include "config/load.h"

#include <chrono>
#include <string>

#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using config::RoutingTable;
using core::DueFallback;
using support::explain;
using support::load;
using support::table_with;

namespace {

config::RoutingTable must_load(const std::string& text, const support::Variables& variables = {}) {
    const config::Loaded loaded = load(text, variables);
    INFO(explain(loaded));
    REQUIRE(loaded.table);
    return *loaded.table;
}

core::DueRule due_rule(const std::string& route) {
    return must_load(table_with(route)).routes[0].due;
}

}  // namespace

TEST_CASE("every key reaches its place in the routing table", "[config]") {
    const RoutingTable table = must_load(R"(
clusters:
  main:
    brokers: [kafka-1:9092, "[::1]:9093"]
    properties: {client.id: laterd, linger.ms: 5}
  other: {brokers: [kafka-9:9092]}
routes:
  orders.v2:
    from:
      cluster: main
      topics: [orders, "^orders-[a-z]+"]
      group: orders later
      start: latest
      out_of_range: earliest
      properties: {fetch.wait.max.ms: 10}
    delay: 15m
    order: partition
    to: {cluster: other, topic: orders.later, partition: same, timestamp: original, properties: {compression.type: lz4}}
    dead_letter: {cluster: main, topic: orders.dead}
    workers: 2
    enabled: false
  reminders:
    from: {cluster: other, topics: [reminders], group: reminders}
    due: {header: deliver-at, format: rfc3339, missing: 15m, invalid: stop, max: 3d}
    order: partition
    to: {cluster: other, topic: reminders.now}
limits: {memory: 128MiB}
commit_interval: 250ms
drain_timeout: 5s
instance: node-7
log: {level: debug, format: json}
)");
    REQUIRE(table.clusters.size() == 2);
    CHECK(table.clusters[0].name == "main");
    CHECK(table.clusters[0].brokers == std::vector<std::string>{"kafka-1:9092", "[::1]:9093"});
    CHECK(table.clusters[0].properties == config::Properties{{"client.id", "laterd"}, {"linger.ms", "5"}});
    REQUIRE(table.routes.size() == 2);
    const config::Route& orders = table.routes[0];
    CHECK(orders.name == "orders.v2");
    CHECK(orders.from.cluster == "main");
    CHECK(orders.from.topics == std::vector<std::string>{"orders", "^orders-[a-z]+"});
    CHECK(orders.from.group == "orders later");
    CHECK(orders.from.start == core::StartPolicy::latest);
    CHECK(orders.from.out_of_range == core::OutOfRange::earliest);
    CHECK(orders.from.properties == config::Properties{{"fetch.wait.max.ms", "10"}});
    CHECK(orders.due.delay == 15min);
    CHECK_FALSE(orders.due.uses_header());
    CHECK(orders.to.cluster == "other");
    CHECK(orders.to.topic == "orders.later");
    CHECK(orders.to.partition == config::TargetPartition::same);
    CHECK(orders.to.timestamp == config::TargetTimestamp::original);
    CHECK(orders.to.properties == config::Properties{{"compression.type", "lz4"}});
    CHECK(orders.dead_letter == config::DeadLetter{.cluster = "main", .topic = "orders.dead"});
    CHECK(orders.workers == 2);
    CHECK_FALSE(orders.enabled);
    const config::Route& reminders = table.routes[1];
    CHECK(reminders.due == core::DueRule{.header = "deliver-at",
                                         .format = core::DueFormat::rfc3339,
                                         .missing = {DueFallback::Kind::delay, 15min},
                                         .invalid = {DueFallback::Kind::stop, 0ms},
                                         .max = 72h});
    CHECK_FALSE(reminders.dead_letter);
    CHECK(table.memory == std::uint64_t{128} << 20);
    CHECK(table.commit_interval == 250ms);
    CHECK(table.drain_timeout == 5s);
    CHECK(table.instance == "node-7");
    CHECK(table.log_level == config::LogLevel::debug);
    CHECK(table.log_format == config::LogFormat::json);
}

TEST_CASE("every format of a due header is known", "[config]") {
    const auto [word, format] = GENERATE(table<std::string, core::DueFormat>({
        {"unix_s", core::DueFormat::unix_s},
        {"unix_ms", core::DueFormat::unix_ms},
        {"rfc3339", core::DueFormat::rfc3339},
        {"delay_ms", core::DueFormat::delay_ms},
        {"delay", core::DueFormat::delay},
        {"be_s", core::DueFormat::be_s},
        {"be_ms", core::DueFormat::be_ms},
    }));
    CHECK(due_rule("due: {header: h, format: " + word + "}, order: partition, dead_letter: {topic: dead}")
              .format == format);
}

TEST_CASE("missing and invalid default to the dead-letter topic, and without one a delay route stops",
          "[config]") {
    const core::DueRule with = due_rule("delay: 1m, dead_letter: {topic: dead}");
    CHECK(with.missing.kind == DueFallback::Kind::dead_letter);
    CHECK(with.invalid.kind == DueFallback::Kind::dead_letter);
    const core::DueRule without = due_rule("delay: 1m");
    CHECK(without.missing.kind == DueFallback::Kind::stop);
    CHECK(without.invalid.kind == DueFallback::Kind::stop);
    const core::DueRule header =
        due_rule("due: {header: h, format: unix_s}, order: partition, dead_letter: {topic: dead}");
    CHECK(header.missing.kind == DueFallback::Kind::dead_letter);
    CHECK(header.invalid.kind == DueFallback::Kind::dead_letter);
    const core::DueRule chosen = due_rule("due: {delay: 1m, missing: now, invalid: now}");
    CHECK(chosen.missing.kind == DueFallback::Kind::now);
    CHECK(chosen.invalid.kind == DueFallback::Kind::now);
}

TEST_CASE("max defaults to the delay and an hour, and to 30 days for a header", "[config]") {
    CHECK(due_rule("delay: 15m").max == 75min);
    CHECK(due_rule("due: {delay: 15m}").max == 75min);
    CHECK(due_rule("due: {delay: 15m, max: 15m}").max == 15min);
    CHECK(due_rule("due: {header: h, format: unix_s, missing: now, invalid: now}, order: partition").max ==
          720h);
}

TEST_CASE("a route without a cluster uses the only one", "[config]") {
    const config::Route route = must_load(table_with("delay: 1m, dead_letter: {topic: dead}")).routes[0];
    CHECK(route.from.cluster == "main");
    CHECK(route.to.cluster == "main");
    CHECK(route.dead_letter->cluster == "main");
}

TEST_CASE("values come from the environment, brokers as one text too", "[config]") {
    const RoutingTable table =
        must_load(R"(
clusters: {main: {brokers: "${BROKERS}"}}
routes:
  r: {from: {topics: ["${PREFIX:-dev}.orders"], group: g}, delay: "${DELAY}", to: {topic: out}, workers: "${WORKERS}", enabled: "${ON:-false}"}
)",
                  {{"BROKERS", "kafka-1:9092, kafka-2:9092"}, {"DELAY", "5m"}, {"WORKERS", "3"}});
    CHECK(table.clusters[0].brokers == std::vector<std::string>{"kafka-1:9092", "kafka-2:9092"});
    CHECK(table.routes[0].from.topics[0] == "dev.orders");
    CHECK(table.routes[0].due.delay == 5min);
    CHECK(table.routes[0].workers == 3);
    CHECK_FALSE(table.routes[0].enabled);
}

TEST_CASE("a table with an error gives no table, one with warnings does", "[config]") {
    CHECK_FALSE(load(table_with("delay: 15")).table);
    const config::Loaded warned = load(table_with("delay: 15m, enabled: false"));
    CHECK(warned.table);
    CHECK(explain(warned) == "t:2:1: routes: warning: no route is enabled, so there is nothing to do\n");
}

TEST_CASE("routes may fan out, chain over names and share names over clusters", "[config]") {
    const config::Loaded loaded = load(R"(
clusters: {one: {brokers: [a:1]}, two: {brokers: [b:1]}}
routes:
  a: {from: {cluster: one, topics: [x], group: a}, delay: 1m, to: {cluster: one, topic: y}}
  b: {from: {cluster: one, topics: [x], group: b}, delay: 1m, to: {cluster: one, topic: z}}
  c: {from: {cluster: one, topics: [y], group: c}, delay: 1m, to: {cluster: two, topic: x}}
  d: {from: {cluster: two, topics: [x], group: a}, delay: 1m, to: {cluster: two, topic: y}}
  e: {from: {cluster: one, topics: ["^.*"], group: e}, delay: 1m, to: {cluster: one, topic: x.all}}
)");
    CHECK(explain(loaded).empty());
    CHECK(loaded.table);
}

TEST_CASE("a longer circle is found once, at its first route", "[config]") {
    const config::Loaded loaded = load(support::k_clusters + R"(routes:
  z: {from: {topics: [t3], group: z}, delay: 1m, to: {topic: t1}}
  b: {from: {topics: [t2], group: b}, delay: 1m, to: {topic: t3}}
  a: {from: {topics: [t1], group: a}, delay: 1m, to: {topic: t2}}
)");
    REQUIRE(loaded.findings.size() == 1);
    CHECK(loaded.findings[0].path == "routes.z.to.topic");
}

TEST_CASE("a table equals itself and differs from another", "[config]") {
    CHECK(must_load(table_with("delay: 1m")) == must_load(table_with("delay: 60s")));
    CHECK_FALSE(must_load(table_with("delay: 1m")) == must_load(table_with("delay: 2m")));
}

TEST_CASE("a folder, a missing file and an unreadable one are findings, not exceptions", "[config]") {
    for (const char* file : {"/nonexistent.yaml", "/", "/proc/self/mem"}) {
        CAPTURE(file);
        const config::Loaded loaded = config::load(file, support::environment_of({}), {});
        CHECK_FALSE(loaded.table);
        REQUIRE(loaded.findings.size() == 1);
        CHECK(loaded.findings[0].place == config::Place{0, 0});
        CHECK(loaded.findings[0].text.starts_with("cannot be read: "));
    }
}

TEST_CASE("where the admin endpoint listens is known whatever else is wrong", "[config]") {
    const std::string admin = "admin: {listen: 127.0.0.1:9464}\n";
    CHECK(load(table_with("delay: 1m") + admin).table->admin_listen == "127.0.0.1:9464");
    const config::Loaded broken = load(table_with("delay: soon") + admin);
    CHECK_FALSE(broken.table);
    CHECK(broken.admin_listen == "127.0.0.1:9464");
    CHECK(load(table_with("delay: 1m")).admin_listen.empty());
}

TEST_CASE("an admin endpoint that is open to other machines is a warning", "[config]") {
    const config::Loaded loaded = load(table_with("delay: 1m") + "admin: {listen: 0.0.0.0:9464}\n");
    REQUIRE(loaded.table);
    REQUIRE(loaded.findings.size() == 1);
    CHECK(loaded.findings[0].severity == config::Severity::warning);
    CHECK(loaded.findings[0].path == "admin.listen");
}
