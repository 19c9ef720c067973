// From arguments to exit code: reads the command line and calls what it asks for.
#pragma once

#include "cli/invocation.h"
#include "config/environment.h"

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace laterd::cli {

// Each returns an exit code.
struct Commands {
    std::function<int(const Invocation&)> run;
    std::function<int(const Invocation&)> check;
    std::function<int(const Invocation&)> status;
    std::function<int(const Invocation&)> health;
    std::function<int(const Invocation&)> demo;
};

// Never throws: what a command throws is reported and gives the exit code of an internal error.
int run_program(const std::vector<std::string>& arguments, const config::Environment& environment,
                const std::string& version, const Commands& commands, std::ostream& out,
                std::ostream& err) noexcept;

}  // namespace laterd::cli
