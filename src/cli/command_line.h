// Reads the command line. The only place that knows CLI11.
#pragma once

#include "cli/invocation.h"
#include "config/environment.h"

#include <optional>
#include <string>
#include <vector>

namespace laterd::cli {

struct CommandLine {
    std::optional<Invocation> invocation;  // there when something is to be done
    int exit_code = 0;                     // else: the end, after these texts
    std::string out;
    std::string err;
};

// `arguments` without the program's name; `version` answers --version.
CommandLine read_command_line(const std::vector<std::string>& arguments,
                              const config::Environment& environment, const std::string& version);

}  // namespace laterd::cli
