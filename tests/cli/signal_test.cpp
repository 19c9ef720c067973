// `laterd run` and signals, while its cluster is away: it waits, and ends when asked.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "cli/away.h"
#include "cli/call.h"
#include "support/await.h"
#include "support/catch.hpp"
#include "support/child_process.h"
#include "support/daemon.h"
#include "support/temp_folder.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;
using support::k_away;

namespace {

bool has_started(support::Daemon& daemon) {
    return daemon.await_line("cluster not reachable", 20s);
}

// A run whose table is a pipe: it cannot get past its beginning before the test writes the table.
class Beginning {
  public:
    Beginning()
        : folder_("beginning"), table_(folder_.path() / "laterd.yaml"), output_(folder_.path() / "log") {
        REQUIRE(::mkfifo(table_.c_str(), 0600) == 0);
        process_ = std::make_unique<support::ChildProcess>(support::ChildProcess::Options{
            .arguments = {::getenv("LATERD_BINARY"), "run", "-c", table_.string()}, .output = output_});
    }

    support::ChildProcess& process() { return *process_; }

    // By what the kernel says: from then on a signal waits to be read.
    bool await_blocked(int signal) {
        return support::eventually(5s, [&] {
            std::ifstream status("/proc/" + std::to_string(process_->pid()) + "/status");
            for (std::string word; status >> word;) {
                if (word == "SigBlk:") {
                    std::uint64_t blocked = 0;
                    status >> std::hex >> blocked;
                    return (blocked >> (signal - 1) & 1) != 0;
                }
            }
            return false;
        });
    }

    void write_table(const std::string& text) { std::ofstream(table_) << text; }

    bool await_line(const std::string& text) {
        return support::eventually(
            20s, [&] { return support::read_text(output_).find(text) != std::string::npos; });
    }

  private:
    support::TempFolder folder_;
    std::filesystem::path table_;
    std::filesystem::path output_;
    std::unique_ptr<support::ChildProcess> process_;
};

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

TEST_CASE("signals that come before the table is read wait until it is", "[cli]") {
    Beginning beginning;
    REQUIRE(beginning.await_blocked(SIGUSR1));
    beginning.process().signal(SIGUSR1);
    beginning.process().signal(SIGHUP);
    REQUIRE(beginning.process().is_running());
    beginning.write_table(k_away);
    CHECK(beginning.await_line("{\"event\":\"counters\""));
    // It is read once more, and what hangs there holds up nothing.
    CHECK(beginning.await_line("event=reloading"));
    beginning.process().signal(SIGTERM);
    CHECK(beginning.process().wait(5s) == 0);
}

TEST_CASE("a stop that comes before the table is read ends the run with 0", "[cli]") {
    Beginning beginning;
    REQUIRE(beginning.await_blocked(SIGTERM));
    beginning.process().signal(SIGTERM);
    beginning.write_table(k_away);
    CHECK(beginning.process().wait(10s) == 0);
}

TEST_CASE("a signal ends a check that waits for its cluster", "[cli]") {
    const support::TempFolder folder("silent");
    // Takes connections and never says a word.
    const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(silent, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(silent, 8) == 0);
    REQUIRE(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    std::string table = k_away;
    table.replace(table.find(":1\""), 3, ":" + std::to_string(ntohs(address.sin_port)) + "\"");
    support::write_text(folder.path() / "silent.yaml", table);
    support::ChildProcess check(
        {.arguments = {::getenv("LATERD_BINARY"), "check", "--connect", "-c", "silent.yaml"},
         .folder = folder.path()});
    // It is at work when it has called.
    const int call = ::accept(silent, nullptr, nullptr);
    CHECK(call >= 0);
    check.signal(SIGINT);
    CHECK(check.wait(2s) == 128 + SIGINT);
    ::close(call);
    ::close(silent);
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
