// `laterd run` and signals, while its cluster is away: it waits, and ends when asked.
#include <chrono>
#include <csignal>
#include <string>

#include "cli/call.h"
#include "support/catch.hpp"
#include "support/daemon.h"
#include "support/temp_folder.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

// Nobody listens on port 1.
const std::string k_away = R"(clusters: {main: {brokers: ["127.0.0.1:1"]}}
routes:
  orders: {from: {topics: [orders], group: later}, delay: 15m, to: {topic: orders.later}}
)";

bool has_started(support::Daemon& daemon) {
    return daemon.await_line("cluster not reachable", 20s);
}

}  // namespace

TEST_CASE("run waits for a cluster that is away and ends with 0 when asked, by either signal", "[cli]") {
    for (const int number : {SIGTERM, SIGINT}) {
        DYNAMIC_SECTION(number) {
            support::Daemon daemon(k_away);
            REQUIRE(has_started(daemon));
            CHECK(daemon.is_running());
            daemon.signal(number);
            CHECK(daemon.wait(5s) == 0);
        }
    }
}

TEST_CASE("a second signal ends it at once, with 0 too", "[cli]") {
    support::Daemon daemon(k_away);
    REQUIRE(has_started(daemon));
    daemon.signal(SIGTERM);
    daemon.signal(SIGTERM);
    CHECK(daemon.wait(5s) == 0);
}

TEST_CASE("SIGUSR1 and the end of run write the counters as one JSON line", "[cli]") {
    support::Daemon daemon(k_away);
    REQUIRE(has_started(daemon));
    const auto now = daemon.counters("orders");
    REQUIRE(now.is_object());
    CHECK(now.contains("laterd_held_records"));
    REQUIRE(daemon.terminate(5s) == 0);
    const auto last = daemon.last_counters();
    REQUIRE(last.is_object());
    CHECK(last["routes"].contains("orders"));
}

TEST_CASE("SIGHUP does not end it", "[cli]") {
    support::Daemon daemon(k_away);
    REQUIRE(has_started(daemon));
    daemon.signal(SIGHUP);
    CHECK(daemon.await_line("reload ignored", 5s));
    CHECK(daemon.is_running());
    CHECK(daemon.terminate(5s) == 0);
}

TEST_CASE("the log is JSON when the table says so", "[cli]") {
    support::Daemon daemon(k_away + "log: {format: json}\n");
    REQUIRE(has_started(daemon));
    REQUIRE(daemon.terminate(5s) == 0);
    for (const std::string& line : daemon.lines()) {
        CAPTURE(line);
        CHECK(nlohmann::json::accept(line));
    }
}

TEST_CASE(
    "check --connect answers 69 for a cluster that cannot be reached, and 78 for a wrong table before asking",
    "[cli]") {
    const support::TempFolder folder("connect");
    support::write_text(folder.path() / "away.yaml", k_away);
    support::write_text(folder.path() / "wrong.yaml", k_away + "instance: a/b\n");
    const auto away = support::call_laterd(
        {.arguments = {"check", "--connect", "-c", "away.yaml"}, .folder = folder.path()});
    CHECK(away.code == 69);
    CHECK_THAT(away.err, Contains("away.yaml:1:19: clusters.main.brokers: warning: "));
    const auto wrong = support::call_laterd(
        {.arguments = {"check", "--connect", "-c", "wrong.yaml"}, .folder = folder.path()});
    CHECK(wrong.code == 78);
    CHECK_THAT(wrong.err, !Contains("clusters.main.brokers"));
}
