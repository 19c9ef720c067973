// laterd.service on a booted systemd, with a real Kafka beside it: started, reloaded, killed, frozen, stopped.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "kafka/scene.h"
#include "support/catch.hpp"
#include "support/frozen_thread.h"
#include "support/http_server.h"
#include "systemd/machine.h"

namespace laterd::systemd_test {

namespace {

using namespace kafka_test;
using Catch::Contains;
using nlohmann::json;
using support::HttpReply;
using support::HttpRequest;
using support::HttpServer;

// One for all tests: each begins with a reset.
Machine& machine() {
    static Machine machine;
    machine.reset();
    return machine;
}

// With SASL: one listener for everybody, one for "laterd" with a password.
KafkaBroker& kafka() {
    static KafkaBroker broker({.sasl = true});
    return broker;
}

// Nobody listens on port 1.
const std::string k_away = R"(clusters: {main: {brokers: ["127.0.0.1:1"]}}
routes:
  orders: {from: {topics: [orders], group: later}, delay: 15m, to: {topic: orders.later}}
)";

// The first event of that name in the journal; null when there is none.
json find_event(const std::string& journal, const std::string& event) {
    std::istringstream lines(journal);
    for (std::string line; std::getline(lines, line);) {
        const json entry = json::parse(line, nullptr, false);
        if (!entry.is_discarded() && entry.value("LATERD_EVENT", "") == event) {
            return entry;
        }
    }
    return nullptr;
}

// The usual route, but to a handler on a socket that the service sees.
std::string calling(const Scene& scene, const Machine& machine, const std::string& settings = "") {
    return scene.table(
        "  usual:\n"
        "    from: {topics: [$name.in], group: $name, properties: {$short}}\n"
        "    delay: 0s\n"
        "    to: {handler: {socket: /srv" +
            (machine.shared() / "handler.sock").string() + "}}\n",
        settings);
}

std::unique_ptr<HttpServer> serve(const Machine& machine, HttpServer::Script script) {
    const std::string socket = machine.shared() / "handler.sock";
    auto server = std::make_unique<HttpServer>(HttpServer::Options{.socket = socket}, std::move(script));
    // The service's user is none that the handler's knows.
    ::chmod(socket.c_str(), 0666);
    return server;
}

}  // namespace

TEST_CASE("started, it runs as a user of its own, delivers over TCP and says what it does") {
    Machine& host = machine();
    Scene scene(kafka(), "start");
    host.write_config("laterd.yaml", scene.usual("1s"));
    const Machine::Said started = host.start();
    CAPTURE(started.text);
    REQUIRE(started.code == 0);
    CHECK(host.show("ActiveState") == "active");
    const std::string user = host.run("stat -c %u /proc/" + host.show("MainPID")).text;
    CHECK_THAT(user, Catch::Matches("[0-9]+\n") && !Catch::Matches("0\n"));
    const Observer observer(kafka().bootstrap(), {scene.out()});
    scene.produce("first", 1s);
    scene.producer.flush();
    CHECK(observer.await_count(1, 20s));
    CHECK(host.await("StatusText", "1 route running; ", 20s));
}

TEST_CASE("the journal has every event with priority and fields, and no payload") {
    Machine& host = machine();
    Scene scene(kafka(), "journal");
    host.write_config("laterd.yaml", scene.usual("10ms"));
    REQUIRE(host.start().code == 0);
    const Observer observer(kafka().bootstrap(), {scene.out()});
    scene.produce("very-private", 10ms);
    scene.producer.flush();
    REQUIRE(observer.await_count(1, 20s));
    const json assigned = find_event(host.journal(), "partitions assigned");
    REQUIRE(assigned.is_object());
    CHECK(assigned.at("PRIORITY") == "6");
    CHECK(assigned.at("SYSLOG_IDENTIFIER") == "laterd");
    CHECK(assigned.at("LATERD_ROUTE") == "usual");
    CHECK(assigned.at("LATERD_WORKER") == "1");
    CHECK(assigned.at("_TRANSPORT") == "journal");
    CHECK(assigned.at("MESSAGE") == "partitions assigned route=usual worker=1 count=1");
    CHECK_FALSE(assigned.contains("CODE_FILE"));
    CHECK_THAT(host.run("journalctl -u laterd LATERD_ROUTE=usual --no-pager").text,
               Contains("partitions assigned"));
    CHECK_THAT(host.journal(), !Contains("very-private"));
}

TEST_CASE("it is started while its cluster is away, and what is wrong has the priority of a warning") {
    Machine& host = machine();
    host.write_config("laterd.yaml", k_away);
    REQUIRE(host.start().code == 0);
    CHECK(host.await("StatusText", "joining: orders", 5s));
    REQUIRE(host.await_journal("cluster not reachable", 20s));
    CHECK(find_event(host.journal(), "cluster not reachable").at("PRIORITY") == "4");
}

TEST_CASE("a reload takes another table, as the same process") {
    Machine& host = machine();
    host.write_config("laterd.yaml", k_away);
    REQUIRE(host.start().code == 0);
    const std::string process = host.show("MainPID");
    host.write_config("laterd.yaml", k_away + R"(
  payments: {from: {topics: [payments], group: payments}, delay: 1m, to: {topic: payments.later}}
)");
    const Machine::Said reloaded = host.run("systemctl reload laterd");
    CAPTURE(reloaded.text);
    CHECK(reloaded.code == 0);
    CHECK(host.await("StatusText", "joining: orders, payments", 20s));
    CHECK(host.show("ActiveState") == "active");
    CHECK(host.show("MainPID") == process);
    CHECK(find_event(host.journal(), "route added").at("LATERD_ROUTE") == "payments");
}

TEST_CASE("a reload of a wrong table changes nothing, and the status says so") {
    Machine& host = machine();
    host.write_config("laterd.yaml", k_away);
    REQUIRE(host.start().code == 0);
    const std::string process = host.show("MainPID");
    host.write_config("laterd.yaml", k_away + "intsance: a\n");
    CHECK(host.run("systemctl reload laterd").code == 0);
    CHECK(host.await("StatusText", "joining: orders; last reload refused", 20s));
    CHECK(host.show("ActiveState") == "active");
    CHECK(host.show("MainPID") == process);
    const json wrong = find_event(host.journal(), "routing table wrong");
    REQUIRE(wrong.is_object());
    CHECK(wrong.at("PRIORITY") == "3");
    host.write_config("laterd.yaml", k_away);
    CHECK(host.run("systemctl reload laterd").code == 0);
    CHECK(host.await("StatusText", "joining: orders; nothing waits", 20s));
}

TEST_CASE("after kill -9 it is started again and loses nothing") {
    Machine& host = machine();
    Scene scene(kafka(), "killed");
    host.write_config("laterd.yaml", scene.usual("3s"));
    REQUIRE(host.start().code == 0);
    REQUIRE(scene.await_positions());
    const Observer observer(kafka().bootstrap(), {scene.out()});
    for (int i = 0; i < 100; ++i) {
        scene.produce("r" + std::to_string(i), 3s);
    }
    scene.producer.flush();
    REQUIRE(::kill(host.host_pid(), SIGKILL) == 0);
    CHECK(host.await("NRestarts", "1", 20s));
    CHECK(host.await("ActiveState", "active", 20s));
    CHECK(observer.await_distinct(100, 30s));
}

TEST_CASE("a stop drains for longer than systemd's own patience, and ends with 0") {
    Machine& host = machine();
    Scene scene(kafka(), "stopped");
    auto server = serve(host, [](const HttpRequest&) { return support::hold(support::answer(204)); });
    host.write_config("laterd.yaml", calling(scene, host, "drain_timeout: 30s"));
    host.edit("TimeoutStopSec=1s");
    REQUIRE(host.start().code == 0);
    scene.producer.deliver({.topic = scene.in(), .partition = 0, .value = "slow"});
    REQUIRE(eventually(20s, [&] { return server->held() == 1; }));

    host.run("systemctl stop --no-block laterd");
    CHECK(host.await("StatusText", "draining: 1 record in flight", 5s));
    // Three times what TimeoutStopSec allows: it asked for more.
    CHECK(always(3s, [&] { return host.show("ActiveState") == "deactivating"; }));
    server->release();
    CHECK(host.await("ActiveState", "inactive", 10s));
    CHECK(host.await_journal("Deactivated successfully", 5s));
    CHECK_THAT(host.journal(), !Contains("Failed with result") && !Contains("drain abandoned"));
    CHECK(scene.await_committed(0, 1, 5s));
    CHECK(server->requests().size() == 1);
}

TEST_CASE("frozen, it is killed by the watchdog and started again") {
    Machine& host = machine();
    host.write_config("laterd.yaml", k_away);
    host.edit("WatchdogSec=3s");
    REQUIRE(host.start().code == 0);
    REQUIRE(::kill(host.host_pid(), SIGSTOP) == 0);
    CHECK(host.await("NRestarts", "1", 30s));
    CHECK(host.await("ActiveState", "active", 20s));
    CHECK_THAT(host.journal(), Contains("Watchdog timeout"));
}

TEST_CASE("one worker that is stuck is enough: it is named, and the watchdog acts") {
    Machine& host = machine();
    host.write_config("laterd.yaml", k_away);
    host.edit("WatchdogSec=4s");
    REQUIRE(host.start().code == 0);
    // Its thread gives itself the name.
    std::optional<pid_t> worker;
    REQUIRE(support::eventually(5s, [&] {
        worker = support::first_thread_named(host.host_pid(), "orders/1");
        return worker.has_value();
    }));
    std::optional<support::FrozenThread> frozen(*worker);
    if (!frozen->is_frozen()) {
        WARN("skipped: this machine lets no process stop a thread of another (ptrace)");
        return;
    }
    REQUIRE(host.await_journal("worker stuck", 20s));
    const json stuck = find_event(host.journal(), "worker stuck");
    CHECK(stuck.at("PRIORITY") == "3");
    CHECK(stuck.at("LATERD_ROUTE") == "orders");
    CHECK(host.await_journal("Watchdog timeout", 20s));
    frozen.reset();
    CHECK(host.await("NRestarts", "1", 30s));
    CHECK(host.await("ActiveState", "active", 20s));
}

TEST_CASE("a secret that only root may read comes as a credential") {
    Machine& host = machine();
    Scene scene(kafka(), "credential");
    std::string table = scene.usual("10ms");
    const std::string plain = "{brokers: [" + kafka().bootstrap() + "]}";
    table.replace(table.find(plain), plain.size(),
                  "{brokers: [\"" + kafka().sasl_bootstrap() +
                      "\"], properties: {security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, "
                      "sasl.username: laterd}, secrets: {sasl.password: kafka-password}}");
    host.write_config("laterd.yaml", table);
    host.write_config("password-of-root", "secret\n", 0600);
    host.edit("LoadCredential=kafka-password:/etc/laterd/password-of-root");
    const Machine::Said started = host.start();
    CAPTURE(started.text, host.journal());
    REQUIRE(started.code == 0);
    const Observer observer(kafka().bootstrap(), {scene.out()});
    scene.produce("one", 10ms);
    scene.producer.flush();
    CHECK(observer.await_count(1, 20s));
    CHECK_THAT(host.journal(), !Contains("others may read"));
}

TEST_CASE("a handler's socket that belongs to another user is reached") {
    Machine& host = machine();
    Scene scene(kafka(), "socket");
    const auto server = serve(host, [](const HttpRequest&) { return support::answer(204); });
    host.write_config("laterd.yaml", calling(scene, host));
    REQUIRE(host.start().code == 0);
    scene.producer.deliver({.topic = scene.in(), .partition = 0, .value = "call"});
    CHECK(eventually(20s, [&] { return server->requests().size() == 1; }));
    CHECK(scene.await_committed(0, 1, 10s));
}

TEST_CASE("the status names a route that holds, and the admin endpoint answers in the service's own folder") {
    Machine& host = machine();
    Scene scene(kafka(), "held");
    const std::string admin = "admin: {listen: \"unix:/run/laterd/admin.sock\"}";
    host.write_config("laterd.yaml", calling(scene, host, admin));
    REQUIRE(host.start().code == 0);
    // Nobody listens on the handler's socket.
    scene.producer.deliver({.topic = scene.in(), .partition = 0, .value = "call"});
    CHECK(host.await("StatusText", "holding: usual (handler-down); 1 record waits", 20s));
    const Machine::Said health = host.run("laterd health");
    CAPTURE(health.text);
    CHECK(health.code == 0);
    const auto server = serve(host, [](const HttpRequest&) { return support::answer(204); });
    CHECK(host.await("StatusText", "1 route running; nothing waits", 20s));
}

TEST_CASE("a wrong table is told and not tried again, with the check before the start and without") {
    Machine& host = machine();
    const bool has_check = GENERATE(true, false);
    if (!has_check) {
        host.edit("ExecStartPre=");
    }
    host.write_config("laterd.yaml", k_away + "intsance: a\n");
    CHECK(host.start().code != 0);
    // Not `activating (auto-restart)`.
    CHECK(host.show("ActiveState") == "failed");
    CHECK(host.show("NRestarts") == "0");
    CHECK(host.show(has_check ? "Result" : "ExecMainStatus") == (has_check ? "exit-code" : "78"));
    CHECK_THAT(host.run("journalctl -u laterd -p err --no-pager").text, Contains("intsance"));
    CHECK_THAT(host.journal(), Contains("did you mean \\\"instance\\\""));
}

TEST_CASE("an internal error is tried again") {
    Machine& host = machine();
    host.write_config("laterd.yaml", k_away);
    host.edit("RestartSec=100ms\nExecStart=\nExecStart=/bin/sh -c 'exit 70'");
    CHECK(host.start().code != 0);
    CHECK(host.await("NRestarts", "3", 20s));
}

}  // namespace laterd::systemd_test
