#include "config/print.h"

#include <string>

#include "config/key.h"
#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;

namespace {

const std::string k_everything = R"(
clusters:
  main:
    brokers: [kafka-1:9092, "[::1]:9093"]
    properties: {client.id: "true", ssl.key.location: "/etc/$${x}", client.rack: "", ssl.cipher.suites: "a: b # c", sasl.kerberos.kinit.cmd: "it's \"$${x\" $ $$$$"}
  other: {brokers: [kafka-9:9092]}
routes:
  orders.v2:
    from: {cluster: main, topics: [orders, "^orders-[a-z]+$", "123", null-topic], group: "~", start: latest, out_of_range: earliest, properties: {a: "null"}}
    delay: 1d1ms
    to: {cluster: other, topic: orders.later, partition: same, timestamp: original, properties: {compression.type: lz4}}
    dead_letter: {cluster: main, topic: orders.dead}
    workers: 2
    enabled: false
  reminders:
    from: {cluster: other, topics: [reminders], group: "on"}
    due: {header: "x: y", format: be_ms, missing: 15m, invalid: stop, max: 3d}
    order: partition
    to: {cluster: other, topic: reminders.now}
  payments:
    from: {cluster: main, topics: [payments], group: payments}
    due: {header: at, format: unix_s}
    wait: {topic: payments.wait}
    to: {handler: {socket: "/run/pay ments.sock", path: "/a?b=$${c}", timeout: 1m30s, concurrency: 3, sequence: none, not_found: dead_letter, headers: ["a: b", off]}}
    retry: {topic: payments.retry, attempts: 7, backoff: {initial: 1ms, factor: 1.25, max: 2d, jitter: 0.000001}, max_age: 3d}
    dead_letter: {cluster: main, topic: payments.dead, guard: off}
  calls:
    from: {cluster: main, topics: [calls], group: calls}
    delay: 0s
    to: {handler: {address: "[::1]:80", headers: none}}
    retry: {topic: calls.retry, backoff: [5s, 1m, 15m]}
    dead_letter: {cluster: main, topic: calls.dead, guard: 1}
  pings:
    from: {cluster: main, topics: [pings], group: pings}
    delay: 0s
    to: {handler: {socket: /p}}
    retry: {backoff: 15s}
limits: {memory: 128MiB}
commit_interval: 250ms
drain_timeout: 5s
instance: node-7
log: {level: debug, format: json}
admin: {listen: "unix:/run/laterd/a b.sock"}
)";

}  // namespace

TEST_CASE("the printed table is read as the same table", "[config]") {
    const config::Loaded loaded = support::load(k_everything);
    INFO(support::explain(loaded));
    REQUIRE(loaded.table);
    const std::string printed = config::print(*loaded.table);
    INFO(printed);
    const config::Loaded again = support::load(printed);
    INFO(support::explain(again));
    REQUIRE(again.table);
    CHECK(*again.table == *loaded.table);
    CHECK(config::print(*again.table) == printed);
}

TEST_CASE("every scalar key of this version is printed", "[config]") {
    const std::string printed = config::print(*support::load(k_everything).table);
    for (const config::Key& key : config::keys()) {
        const bool is_named =
            key.path.find_first_of("[=") == std::string_view::npos && !key.path.ends_with("*");
        // The short form of due.delay; secrets need a file.
        const bool is_elsewhere = key.path == "routes.*.delay" || key.path == "clusters.*.secrets";
        if (key.is_available() && is_named && !is_elsewhere) {
            CAPTURE(key.path);
            CHECK(printed.find(std::string(key.name()) + ":") != std::string::npos);
        }
    }
}
