// The built binary: exit codes, help, version, where findings and the table go.
#include <filesystem>
#include <string>
#include <utility>

#include <sys/stat.h>

#include "cli/call.h"
#include "support/catch.hpp"
#include "support/temp_folder.h"

using namespace laterd;
using Catch::Contains;
using support::call_laterd;

namespace {

const std::filesystem::path k_examples = LATERD_EXAMPLES;

std::string example(const std::string& name) {
    return (k_examples / name).string();
}

}  // namespace

TEST_CASE("a right table is checked without a word", "[cli]") {
    const auto ended = call_laterd({.arguments = {"check", "-c", example("minimal.yaml")}});
    CHECK(ended.code == 0);
    CHECK(ended.out.empty());
    CHECK(ended.err.empty());
}

TEST_CASE("every example is right", "[cli]") {
    const support::TempFolder secrets("secrets");
    for (const char* name : {"shop-password", "archive-password"}) {
        support::write_text(secrets.path() / name, "secret\n");
        chmod((secrets.path() / name).c_str(), 0600);
    }
    int examples = 0;
    for (const auto& entry : std::filesystem::directory_iterator(k_examples)) {
        if (entry.path().extension() == ".yaml") {
            ++examples;
            DYNAMIC_SECTION(entry.path().filename()) {
                const auto ended =
                    call_laterd({.arguments = {"check", "-c", entry.path().string()},
                                 .environment = {{"CREDENTIALS_DIRECTORY", secrets.path().string()}}});
                CHECK(ended.err == "");
                CHECK(ended.code == 0);
            }
        }
    }
    CHECK(examples >= 7);
}

TEST_CASE("a missing file is a configuration problem", "[cli]") {
    for (const char* command : {"check", "run"}) {
        DYNAMIC_SECTION(command) {
            const auto ended = call_laterd({.arguments = {command, "-c", "/nonexistent/laterd.yaml"}});
            CHECK(ended.code == 78);
            CHECK(ended.err ==
                  "/nonexistent/laterd.yaml: cannot be read: No such file or directory; expected a routing "
                  "table, see -c\n");
        }
    }
}

TEST_CASE("the file is the one of -c, else of LATERD_CONFIG, else the one in /etc", "[cli]") {
    const std::pair<std::string, std::string> variable{"LATERD_CONFIG", "/nonexistent/variable.yaml"};
    const auto by_option =
        call_laterd({.arguments = {"check", "-c", "/nonexistent/option.yaml"}, .environment = {variable}});
    CHECK_THAT(by_option.err, Contains("/nonexistent/option.yaml: "));
    const auto by_variable = call_laterd({.arguments = {"check"}, .environment = {variable}});
    CHECK_THAT(by_variable.err, Contains("/nonexistent/variable.yaml: "));
    const auto by_default =
        call_laterd({.arguments = {"check", "--help"}, .environment = {{"LATERD_CONFIG", ""}}});
    CHECK_THAT(by_default.out, Contains("/etc/laterd/laterd.yaml"));
}

TEST_CASE("run does not start with a wrong table and names every problem", "[cli]") {
    const support::TempFolder folder("table");
    const std::string file = (folder.path() / "laterd.yaml").string();
    support::write_text(file, "clusters: {main: {brokers: [kafka-1]}}\nroutes: {a: {}}\n");
    const auto ended = call_laterd({.arguments = {"run", "-c", file}});
    CHECK(ended.code == 78);
    CHECK_THAT(ended.err, Contains(file + ":1:29: clusters.main.brokers[0]: "));
    CHECK_THAT(ended.err, Contains(file + ":2:10: routes.a.from: missing"));
}

TEST_CASE("wrong usage exits with 64 and says what is wrong", "[cli]") {
    CHECK(call_laterd({}).code == 64);
    CHECK_THAT(call_laterd({}).err, Contains("subcommand"));
    CHECK(call_laterd({.arguments = {"frobnicate"}}).code == 64);
    const auto unknown = call_laterd({.arguments = {"check", "--conect"}});
    CHECK(unknown.code == 64);
    CHECK_THAT(unknown.err, Contains("--conect"));
    CHECK(call_laterd({.arguments = {"check", "-c"}}).code == 64);
    CHECK(call_laterd({.arguments = {"check", "a.yaml"}}).code == 64);
    CHECK(call_laterd({.arguments = {"run", "check"}}).code == 64);
    CHECK(call_laterd({.arguments = {"demo", "--print"}}).code == 64);
}

TEST_CASE("the version names librdkafka and the build", "[cli]") {
    const auto ended = call_laterd({.arguments = {"--version"}});
    CHECK(ended.code == 0);
    CHECK_THAT(ended.out, Catch::Matches("laterd [0-9.]+ \\(librdkafka [0-9.]+.*; built with .+, .+\\)\n"));
    CHECK(ended.err.empty());
}

TEST_CASE("help has an example for every command", "[cli]") {
    for (const char* command : {"run", "check", "status", "health", "demo"}) {
        DYNAMIC_SECTION(command) {
            const auto ended = call_laterd({.arguments = {command, "--help"}});
            CHECK(ended.code == 0);
            CHECK_THAT(ended.out, Contains("Example") && Contains(std::string("  laterd ") + command));
            CHECK(ended.err.empty());
        }
    }
    const auto all = call_laterd({.arguments = {"--help"}});
    CHECK(all.code == 0);
    CHECK_THAT(all.out, Contains("run") && Contains("check") && Contains("demo") && Contains("Example"));
}

TEST_CASE("the effective table goes to stdout with its secrets hidden, findings to stderr", "[cli]") {
    const support::TempFolder folder("table");
    support::write_text(folder.path() / "password", "hunter2-from-file\n");
    chmod((folder.path() / "password").c_str(), 0644);
    support::write_text(folder.path() / "laterd.yaml", R"(clusters:
  main:
    brokers: [kafka-1:9092]
    properties: {security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, sasl.username: me, ssl.key.password: hunter3}
    secrets: {sasl.password: password}
routes:
  orders: {from: {topics: [orders], group: later}, delay: 15m, to: {topic: orders.later}}
)");
    const auto ended = call_laterd({.arguments = {"check", "-c", "laterd.yaml", "--print"},
                                    .environment = {{"CREDENTIALS_DIRECTORY", ""}},
                                    .folder = folder.path()});
    CHECK(ended.code == 0);
    CHECK(ended.out == R"(clusters:
  main:
    brokers: [kafka-1:9092]
    properties:
      sasl.mechanism: PLAIN
      sasl.username: me
      security.protocol: sasl_plaintext
      ssl.key.password: (hidden)
    secrets:
      sasl.password: (hidden)
routes:
  orders:
    from:
      cluster: main
      topics: [orders]
      group: later
      start: earliest
      out_of_range: stop
    due:
      delay: 15m
      missing: stop
      invalid: stop
      max: 1h15m
    order: partition
    to:
      cluster: main
      topic: orders.later
      partition: key
      timestamp: now
    retry:
      backoff:
        initial: 1s
        factor: 2
        max: 1m
        jitter: 0
    workers: 1
    enabled: true
limits:
  memory: 256MiB
commit_interval: 1s
drain_timeout: 20s
log:
  level: info
  format: text
)");
    CHECK(ended.err ==
          "laterd.yaml:4:113: clusters.main.properties.\"ssl.key.password\": warning: the secret stands in "
          "this file; "
          "expected its own file under secrets, or ${NAME}\n"
          "laterd.yaml:5:30: clusters.main.secrets.\"sasl.password\": warning: everybody may read "
          "\"password\"; expected "
          "a mode like 0600\n");
}
