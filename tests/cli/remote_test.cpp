// `laterd status` and `laterd health`, and the endpoint that they ask, of a run whose cluster is away.
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include <csignal>
#include <string>

#include "cli/away.h"
#include "cli/call.h"
#include "support/await.h"
#include "support/catch.hpp"
#include "support/daemon.h"
#include "support/free_port.h"
#include "support/temp_folder.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;
using support::call_laterd;
using support::Ended;

namespace {

std::string table_at(const std::string& listen) {
    return support::k_away + (listen.empty() ? "" : "admin: {listen: \"" + listen + "\"}\n");
}

std::string fresh_address() {
    return "127.0.0.1:" + std::to_string(support::free_port());
}

}  // namespace

TEST_CASE("status and health find the endpoint by the table, or where they are told", "[cli]") {
    const support::TempFolder folder("remote");
    const std::string listen =
        GENERATE(false, true) ? "unix:" + (folder.path() / "admin.sock").string() : fresh_address();
    const std::string file = folder.path() / "laterd.yaml";
    // Whoever asks need not be able to read the secrets.
    support::write_text(file, table_at(listen) + "log: {level: loud}\n");
    support::Daemon daemon(table_at(listen));
    REQUIRE(daemon.await_line("cluster not reachable", 20s));
    for (const auto& place :
         {std::vector<std::string>{"-c", file}, std::vector<std::string>{"--at", listen}}) {
        const auto call = [&](std::vector<std::string> arguments) {
            arguments.insert(arguments.end(), place.begin(), place.end());
            return call_laterd({.arguments = arguments});
        };
        const Ended status = call({"status"});
        CHECK(status.code == 0);
        CHECK_THAT(status.out, Contains("orders: running") && Contains("not in its group yet") &&
                                   Contains("cluster not reachable"));
        const Ended json = call({"status", "--json"});
        CHECK(nlohmann::json::parse(json.out).at("routes")[0].at("route") == "orders");
        const Ended health = call({"health"});
        CHECK(health.code == 0);
        CHECK(health.out == "ok\n");
        const Ended ready = call({"health", "--ready"});
        CHECK(ready.code == 1);
        CHECK(ready.err == "route orders worker 1: not in its group yet\n");
    }
    CHECK(daemon.terminate(5s) == 0);
    const Ended gone = call_laterd({.arguments = {"health", "--at", listen}});
    CHECK(gone.code == 1);
    CHECK_THAT(gone.err, Contains("nobody answers at " + listen));
}

TEST_CASE("a table without an endpoint, and a place that is none, are said", "[cli]") {
    const support::TempFolder folder("remote");
    const std::string file = folder.path() / "laterd.yaml";
    support::write_text(file, table_at(""));
    for (const char* command : {"status", "health"}) {
        const Ended none = call_laterd({.arguments = {command, "-c", file}});
        CHECK(none.code == 78);
        CHECK_THAT(none.err, Contains("admin.listen") && Contains("--at"));
        const Ended wrong = call_laterd({.arguments = {command, "--at", "elsewhere"}});
        CHECK(wrong.code == 78);
        CHECK_THAT(wrong.err, Contains("expected an address like 127.0.0.1:9464"));
        const Ended missing = call_laterd({.arguments = {command, "-c", folder.path() / "no.yaml"}});
        CHECK(missing.code == 78);
        CHECK_THAT(missing.err, Contains("cannot be read"));
    }
}

TEST_CASE("an endpoint that cannot be opened ends the run with 70 and a word", "[cli]") {
    const std::string listen = fresh_address();
    support::Daemon first(table_at(listen));
    REQUIRE(first.await_line("admin endpoint open", 20s));
    support::Daemon second(table_at(listen));
    CHECK(second.wait(20s) == 70);
    CHECK(second.count_lines("Address already in use") == 1);
    CHECK(first.terminate(5s) == 0);
}

TEST_CASE("an endpoint that is open to other machines is said at the start", "[cli]") {
    support::Daemon daemon(table_at("0.0.0.0:" + std::to_string(support::free_port())));
    CHECK(daemon.await_line("open to other machines", 20s));
    CHECK(daemon.terminate(5s) == 0);
}
