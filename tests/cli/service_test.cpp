// `laterd run` and its service manager, which is the test: what it is told, and when the watchdog is fed.
#include <signal.h>

#include <chrono>
#include <string>

#include "cli/away.h"
#include "support/await.h"
#include "support/catch.hpp"
#include "support/daemon.h"
#include "support/frozen_thread.h"
#include "support/notify_socket.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;
using support::k_away;
using support::NotifySocket;

namespace {

support::Daemon::Options managed(const NotifySocket& manager, const std::string& table,
                                 const std::string& watchdog_us = "") {
    support::Daemon::Options options{.table = table, .environment = {{"NOTIFY_SOCKET", manager.name()}}};
    if (!watchdog_us.empty()) {
        options.environment.emplace_back("WATCHDOG_USEC", watchdog_us);
    }
    return options;
}

}  // namespace

TEST_CASE("the manager hears of the start while the cluster is away, of a reload and of the end", "[cli]") {
    const auto kind = GENERATE(NotifySocket::Kind::path, NotifySocket::Kind::abstract);
    NotifySocket manager(kind);
    support::Daemon daemon(managed(manager, k_away));
    const auto ready = manager.receive(20s);
    REQUIRE(ready);
    CHECK_THAT(*ready, Contains("READY=1") && Contains("STATUS=") && Contains("joining: orders"));

    daemon.signal(SIGHUP);
    const auto reloading = manager.await("RELOADING=1", 5s);
    REQUIRE(reloading);
    CHECK_THAT(*reloading, Contains("MONOTONIC_USEC="));
    CHECK(manager.await("READY=1", 5s));

    daemon.signal(SIGTERM);
    const auto stopping = manager.await("STOPPING=1", 5s);
    REQUIRE(stopping);
    // Of the default drain_timeout and some for the end; a manager that hears nothing more waits no longer.
    CHECK_THAT(*stopping, Contains("EXTEND_TIMEOUT_USEC=2"));
    CHECK(manager.await("STATUS=draining", 5s));
    CHECK(daemon.wait(5s) == 0);
}

TEST_CASE("without a watchdog nobody is fed", "[cli]") {
    NotifySocket manager;
    support::Daemon daemon(managed(manager, k_away));
    REQUIRE(manager.await("READY=1", 20s));
    CHECK_FALSE(manager.await("WATCHDOG=1", 1s));
    CHECK(daemon.terminate(5s) == 0);
}

TEST_CASE("a worker's thread that stands still ends the feeding, and is named", "[cli]") {
    NotifySocket manager;
    support::Daemon daemon(managed(manager, k_away, "2000000"));
    REQUIRE(manager.await("READY=1", 20s));
    REQUIRE(manager.await("WATCHDOG=1", 10s));
    // Its thread gives itself the name.
    REQUIRE(support::eventually(
        5s, [&] { return support::first_thread_named(daemon.pid(), "orders/1").has_value(); }));
    const auto worker = support::first_thread_named(daemon.pid(), "orders/1");
    {
        const support::FrozenThread frozen(*worker);
        if (!frozen.is_frozen()) {
            WARN("skipped: this machine lets no process stop a thread of another (ptrace)");
            return;
        }
        CHECK(daemon.await_line("event=\"worker stuck\" route=orders worker=1", 10s));
        manager.drop_all();
        CHECK_FALSE(manager.await("WATCHDOG=1", 3s));
    }
    CHECK(manager.await("WATCHDOG=1", 5s));
    CHECK(daemon.await_line("worker turns again", 5s));
    CHECK(daemon.terminate(5s) == 0);
}
