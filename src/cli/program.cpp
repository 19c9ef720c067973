#include "cli/program.h"

#include "cli/command_line.h"
#include "cli/exit_code.h"

#include <exception>
#include <ostream>

namespace laterd::cli {

namespace {

int call(const Commands& commands, const Invocation& invocation) {
    switch (invocation.command) {
        case Command::run:
            return commands.run(invocation);
        case Command::check:
            return commands.check(invocation);
        case Command::status:
            return commands.status(invocation);
        case Command::health:
            return commands.health(invocation);
        case Command::demo:
            return commands.demo(invocation);
    }
    return k_exit_internal;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const config::Environment& environment,
                const std::string& version, const Commands& commands, std::ostream& out,
                std::ostream& err) noexcept {
    try {
        const CommandLine line = read_command_line(arguments, environment, version);
        out << line.out << std::flush;
        err << line.err << std::flush;
        return line.invocation ? call(commands, *line.invocation) : line.exit_code;
    } catch (const std::exception& problem) {
        err << "laterd: internal error: " << problem.what() << '\n' << std::flush;
    } catch (...) {
        err << "laterd: internal error\n" << std::flush;
    }
    return k_exit_internal;
}

}  // namespace laterd::cli
