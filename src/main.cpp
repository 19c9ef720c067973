// Wires the commands to what does them.
#include "cli/check.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/remote.h"
#include "cli/version.h"
#include "config/environment.h"
#include "config/load.h"
#include "config/property.h"
#include "kafka/property_check.h"
#include "log/log.h"
#include "runtime/core_file.h"
#include "runtime/demo.h"
#include "runtime/run.h"

#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace laterd;

static_assert(static_cast<int>(config::LogLevel::error) == static_cast<int>(log::Level::error));
static_assert(static_cast<int>(config::LogFormat::json) == static_cast<int>(log::Format::json));

cli::CheckTools check_tools() {
    return {.environment = config::process_environment(),
            .check_properties = kafka::check_properties,
            .connect = cli::ask_clusters};
}

// A table without secrets leaves core files to those who look for a crash.
void keep_secrets(const std::optional<config::RoutingTable>& table) {
    if (table && config::has_secrets(*table)) {
        runtime::keep_secrets_in_process();
    }
}

config::Loaded load_again(const std::string& file) {
    const cli::CheckTools tools = check_tools();
    config::Loaded loaded = config::load(file, tools.environment, tools.check_properties);
    keep_secrets(loaded.table);
    return loaded;
}

int run(const cli::Invocation& invocation) {
    std::optional<config::RoutingTable> table =
        cli::load_or_explain(invocation.config, check_tools(), std::cerr);
    if (!table) {
        return cli::k_exit_config;
    }
    keep_secrets(table);
    log::start(static_cast<log::Level>(table->log_level), static_cast<log::Format>(table->log_format));
    const int code = runtime::run(
        *std::move(table),
        {.file = invocation.config, .load = [file = invocation.config] { return load_again(file); }},
        {.laterd = cli::version(), .librdkafka = kafka::library_version()});
    log::stop();
    return code;
}

int check(const cli::Invocation& invocation) {
    // Nobody reads them here: they end it, as they end any program.
    runtime::unblock_signals();
    return cli::check(invocation, check_tools(), std::cout, std::cerr);
}

int status(const cli::Invocation& invocation) {
    runtime::unblock_signals();
    return cli::status(invocation, config::process_environment(), std::cout, std::cerr);
}

int health(const cli::Invocation& invocation) {
    runtime::unblock_signals();
    return cli::health(invocation, config::process_environment(), std::cout, std::cerr);
}

int demo(const cli::Invocation& invocation) {
    // The view is the demo's output; the life of the workers would scroll it away.
    log::start(log::Level::error, log::Format::text);
    const int code = runtime::demo(invocation.serve);
    log::stop();
    return code;
}

}  // namespace

int main(int count, char** arguments) {
    // Before anything else: a SIGUSR1 that comes early must not end a run. And before the first thread, which librdkafka
    // starts when it is asked about properties.
    runtime::block_signals();
    return cli::run_program({arguments + 1, arguments + count}, config::process_environment(),
                            cli::version_text(kafka::library_version()),
                            {.run = run, .check = check, .status = status, .health = health, .demo = demo},
                            std::cout, std::cerr);
}
