#include "cli/command_line.h"

#include "cli/exit_code.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>

namespace laterd::cli {

namespace {

constexpr const char* k_description = "laterd holds Kafka records until they are due and forwards them.";
constexpr const char* k_footer = R"(Example, to see it work without any configuration:
  laterd demo

FILE is the one given by -c, else $LATERD_CONFIG, else /etc/laterd/laterd.yaml.
Exit codes: 0 done, 64 wrong usage, 69 cluster unreachable (check --connect),
70 internal error, 78 wrong configuration; 1 from status and health when there
is nothing good to say.)";
constexpr const char* k_run_footer = R"(Example:
  laterd run -c config/minimal.yaml

SIGTERM and SIGINT drain and end it, a second one ends it at once; SIGHUP
reads the table again and changes the routes that differ; SIGUSR1 logs the
counters. Logs go to stderr.)";
constexpr const char* k_check_footer = R"(Example:
  laterd check -c config/minimal.yaml --print

One line for each finding on stderr, as FILE:LINE:COL: PATH: what is wrong;
what was expected. Exit code 0, 78 when one is an error, 69 when a cluster
cannot be reached.)";
constexpr const char* k_status_footer = R"(Example:
  laterd status -c config/laterd.yaml

Asks the running daemon at its admin endpoint, which the table's admin.listen
names. Exit code 0, 1 when nobody answers, 78 when the table names no endpoint.)";
constexpr const char* k_health_footer = R"(Example, for a container's health check:
  laterd health

Exit code 0 when every worker's loop turns, else 1 and which one does not. With
--ready also only when every route is in its consumer group.)";
constexpr const char* k_demo_footer = R"(Example, for a broker to play with from another terminal:
  laterd demo --serve)";

std::string standard_file(const config::Environment& environment) {
    const std::optional<std::string> file = environment("LATERD_CONFIG");
    return file && !file->empty() ? *file : "/etc/laterd/laterd.yaml";
}

class Parser {
  public:
    Parser(const config::Environment& environment, const std::string& version)
        : app_(k_description, "laterd"), standard_file_(standard_file(environment)) {
        app_.set_version_flag("--version", version, "Show the version and those of librdkafka and the build");
        app_.set_help_flag("-h,--help", "Show this help");
        app_.footer(k_footer);
        app_.require_subcommand(1);
        add_run();
        add_check();
        add_status();
        add_health();
        add_demo();
    }

    CommandLine parse(std::vector<std::string> arguments) {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        try {
            app_.parse(arguments);
        } catch (const CLI::ParseError& end) {
            std::ostringstream out;
            std::ostringstream err;
            const int code = app_.exit(end, out, err);
            return {.exit_code = code == 0 ? k_exit_done : k_exit_usage, .out = out.str(), .err = err.str()};
        }
        return {.invocation = invocation_};
    }

  private:
    CLI::App* add(const char* name, const char* description, const char* footer, Command command) {
        CLI::App* sub = app_.add_subcommand(name, description);
        sub->footer(footer);
        sub->callback([this, command] {
            invocation_.command = command;
            if (command != Command::demo && invocation_.config.empty()) {
                invocation_.config = standard_file_;
            }
        });
        return sub;
    }

    void add_file(CLI::App* sub) {
        sub->add_option("-c,--config", invocation_.config, "The routing table; default: " + standard_file_)
            ->type_name("FILE");
    }

    void add_run() {
        add_file(add("run", "Run the routing table in the foreground until SIGTERM or SIGINT", k_run_footer,
                     Command::run));
    }

    void add_check() {
        CLI::App* sub = add("check", "Check the routing table", k_check_footer, Command::check);
        add_file(sub);
        sub->add_flag("--connect", invocation_.connect,
                      "Also ask the clusters: topics, rights, partitions, limits");
        sub->add_flag("--print", invocation_.print, "Show the effective table on stdout, secrets hidden");
    }

    void add_place(CLI::App* sub) {
        add_file(sub);
        sub->add_option("--at", invocation_.at, "Where the endpoint listens, instead of what the table says")
            ->type_name("HOST:PORT|unix:PATH");
    }

    void add_status() {
        CLI::App* sub =
            add("status", "Show what the running daemon is doing", k_status_footer, Command::status);
        add_place(sub);
        sub->add_flag("--json", invocation_.json, "All of it, as the endpoint's /status answers");
    }

    void add_health() {
        CLI::App* sub =
            add("health", "Say whether the running daemon is well", k_health_footer, Command::health);
        add_place(sub);
        sub->add_flag("--ready", invocation_.ready, "Also whether every route is in its group");
    }

    void add_demo() {
        CLI::App* sub = add("demo", "Watch records wait and arrive, on a broker of its own", k_demo_footer,
                            Command::demo);
        sub->add_flag("--serve", invocation_.serve, "Keep running, for kcat and others to try");
    }

    CLI::App app_;
    std::string standard_file_;
    Invocation invocation_;
};

}  // namespace

CommandLine read_command_line(const std::vector<std::string>& arguments,
                              const config::Environment& environment, const std::string& version) {
    return Parser(environment, version).parse(arguments);
}

}  // namespace laterd::cli
