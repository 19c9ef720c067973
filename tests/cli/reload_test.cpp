// SIGHUP and what is said about it, while the cluster is away.
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>

#include "cli/call.h"
#include "support/await.h"
#include "support/catch.hpp"
#include "support/daemon.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

// Nobody listens on port 1.
const std::string k_head =
    "clusters: {main: {brokers: [\"127.0.0.1:1\"], secrets: {sasl.password: pw}}}\nroutes:\n";
const std::string k_orders =
    "  orders: {from: {topics: [orders], group: o}, delay: 15m, to: {topic: o.later}}\n";
const std::string k_payments =
    "  payments: {from: {topics: [payments], group: p}, delay: 1m, to: {topic: p.later}}\n";

class Reloading {
  public:
    explicit Reloading(const std::string& table)
        : daemon({.table = table, .environment = {}, .files = {{"pw", "swordfish-7"}}}) {
        REQUIRE(daemon.await_line("cluster not reachable", 20s));
    }

    // Waits until it is through, or refused.
    void reload(const std::string& table) {
        daemon.write_file("laterd.yaml", table);
        hang_up();
    }

    void hang_up() {
        const std::size_t before = ends();
        daemon.signal(SIGHUP);
        CHECK(support::eventually(20s, [&] { return ends() > before; }));
    }

    int success() { return daemon.counters().at("laterd_config_reload_success").get<int>(); }

    bool said(const std::string& text) const { return daemon.count_lines(text) == 1; }

    support::Daemon daemon;

  private:
    std::size_t ends() const {
        return daemon.count_lines("event=reloaded") + daemon.count_lines("event=\"reload refused\"");
    }
};

}  // namespace

TEST_CASE("a table that is bad is refused with the words of check, and nothing changes", "[cli]") {
    Reloading it(k_head + k_orders);
    CHECK(it.success() == 1);
    it.reload(k_head + k_orders + "  Payments: {}\ncommit_interval: 10x\n");
    CHECK(it.success() == 0);
    const auto checked =
        support::call_laterd({.arguments = {"check", "-c", (it.daemon.folder() / "laterd.yaml").string()}});
    CHECK(checked.code == 78);
    for (std::istringstream findings(checked.err); findings;) {
        std::string finding;
        std::getline(findings, finding);
        // Quotes are escaped in the log.
        CHECK(it.daemon.count_lines(finding.substr(0, finding.find('"'))) >= 1);
    }
    CHECK(it.said("event=\"reload refused\""));
    CHECK(it.said("laterd.yaml:4:3: routes.Payments: \\\"Payments\\\" is not a name"));
    CHECK(it.said("laterd.yaml:5:18: commit_interval: \\\"10x\\\" is not a duration"));
    CHECK(it.daemon.count_lines("event=\"routing table wrong\"") >= 2);
    CHECK(it.daemon.counters("orders").is_object());
    SECTION("and the next good one is taken") {
        it.reload(k_head + k_orders);
        CHECK(it.success() == 1);
        CHECK(it.said("event=reloaded added=0 removed=0 changed=0 unchanged=1"));
    }
    CHECK(it.daemon.terminate(10s) == 0);
}

TEST_CASE("a table that is gone is refused", "[cli]") {
    Reloading it(k_head + k_orders);
    REQUIRE(::rename((it.daemon.folder() / "laterd.yaml").c_str(), (it.daemon.folder() / "away").c_str()) ==
            0);
    it.hang_up();
    CHECK(it.said("laterd.yaml: cannot be read: "));
    CHECK(it.success() == 0);
    CHECK(it.daemon.terminate(10s) == 0);
}

TEST_CASE("a good table is told route by route with its keys, and never with a secret", "[cli]") {
    Reloading it(k_head + k_orders);
    it.reload(k_head + k_orders + k_payments);
    CHECK(it.said("event=\"route added\" route=payments keys=routes.payments"));
    CHECK(it.said("event=reloaded added=1 removed=0 changed=0 unchanged=1"));
    CHECK(it.daemon.await_line("event=\"cluster not reachable\" route=payments", 10s));
    it.daemon.write_file("pw", "marlin-9");
    it.hang_up();
    CHECK(it.said(R"(event="route changed" route=orders keys="clusters.main.secrets.\"sasl.password\"")"));
    CHECK(it.said("event=reloaded added=0 removed=0 changed=2 unchanged=0"));
    it.reload(k_head + k_payments);
    CHECK(it.said("event=\"route removed\" route=orders keys=routes.orders"));
    CHECK(it.daemon.counters("orders").is_null());
    CHECK(it.daemon.counters("payments").is_object());
    CHECK(it.daemon.count_lines("swordfish-7") + it.daemon.count_lines("marlin-9") == 0);
    CHECK(it.success() == 1);
    CHECK(it.daemon.terminate(10s) == 0);
}

TEST_CASE("what needs a restart is named at every reload and not done", "[cli]") {
    Reloading it(k_head + k_orders);
    for (std::size_t times = 1; times <= 2; ++times) {
        it.reload(k_head + k_orders + "limits: {memory: 64MiB}\ninstance: node-7\n");
        CHECK(it.daemon.count_lines(R"(event="restart needed" keys="instance, limits.memory")") == times);
    }
    CHECK(it.daemon.count_lines("event=reloaded added=0 removed=0 changed=0 unchanged=1") == 2);
    CHECK(it.success() == 1);
    CHECK(it.daemon.terminate(10s) == 0);
}

TEST_CASE("level and format of the log change at once, the settings of every worker restart all", "[cli]") {
    Reloading it(k_head + k_orders);
    it.reload(k_head + k_orders + "drain_timeout: 5s\n");
    CHECK(it.said("event=\"route changed\" route=orders keys=drain_timeout"));
    it.daemon.write_file("laterd.yaml",
                         k_head + k_orders + "drain_timeout: 5s\nlog: {level: debug, format: json}\n");
    it.daemon.signal(SIGHUP);
    CHECK(it.daemon.await_line("\"event\":\"reloaded\",\"added\":0,\"removed\":0,\"changed\":0", 10s));
    CHECK(it.said("\"event\":\"setting changed\",\"keys\":\"log.level, log.format\""));
    it.daemon.write_file("laterd.yaml", k_head + k_orders + "drain_timeout: 5s\nlog: {level: error}\n");
    it.daemon.signal(SIGHUP);
    CHECK(support::eventually(10s, [&] { return it.daemon.count_lines("reloading") == 3; }));
    CHECK(it.success() == 1);
    CHECK(it.daemon.terminate(10s) == 0);
    // Below the level now.
    CHECK(it.daemon.count_lines("reloaded") == 2);
    CHECK(it.daemon.count_lines("event=draining") == 0);
}

TEST_CASE("workers that would not fit beside those that run are refused by limits.memory", "[cli]") {
    Reloading it(k_head + k_orders);
    // The file alone would be right; its limit needs a restart.
    it.reload(
        k_head + k_orders +
        "  many: {from: {topics: [m], group: m}, delay: 1m, to: {topic: m.later}, workers: 60}\nlimits: "
        "{memory: 1GiB}\n");
    CHECK(it.said("laterd.yaml:5:18: limits.memory: 256MiB, in force until a restart, leave "));
    CHECK(it.said(
        " for each of the 60 workers that would start beside the 1 that go on; expected at least 8MiB"));
    CHECK(it.success() == 0);
    CHECK(it.daemon.counters("many").is_null());
    // As many as fit do.
    it.reload(k_head + k_orders +
              "  many: {from: {topics: [m], group: m}, delay: 1m, to: {topic: m.later}, workers: 4}\n");
    CHECK(it.success() == 1);
    CHECK(it.daemon.counters("many").at("laterd_workers") == 4);
    CHECK(it.daemon.terminate(10s) == 0);
}

TEST_CASE("SIGHUPs in quick succession end with the last table; one that comes while it ends is ignored",
          "[cli]") {
    Reloading it(k_head + k_orders);
    for (const std::string& table :
         {k_head + k_payments, k_head + k_orders + k_payments, k_head + k_orders, k_head + k_payments}) {
        it.daemon.write_file("laterd.yaml", table);
        it.daemon.signal(SIGHUP);
    }
    CHECK(it.daemon.await_line("event=reloaded", 20s));
    CHECK(support::eventually(10s, [&] {
        return it.daemon.counters("payments").is_object() && it.daemon.counters("orders").is_null();
    }));
    it.daemon.signal(SIGHUP);
    it.daemon.signal(SIGTERM);
    it.daemon.signal(SIGHUP);
    CHECK(it.daemon.wait(10s) == 0);
}

TEST_CASE("a table that hangs while it is read holds up neither the counters nor the end", "[cli]") {
    Reloading it(k_head + k_orders);
    const std::filesystem::path table = it.daemon.folder() / "laterd.yaml";
    std::filesystem::remove(table);
    REQUIRE(::mkfifo(table.c_str(), 0600) == 0);
    it.daemon.signal(SIGHUP);
    REQUIRE(it.daemon.await_line("event=reloading", 10s));
    CHECK(it.daemon.counters("orders").is_object());
    CHECK(it.daemon.terminate(10s) == 0);
}
