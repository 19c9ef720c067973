// What the command line asks for.
#pragma once

#include <cstdint>
#include <string>

namespace laterd::cli {

enum class Command : std::uint8_t { run, check, demo };

struct Invocation {
    Command command = Command::run;
    std::string config;    // run, check: the routing table's file
    bool connect = false;  // check
    bool print = false;    // check
    bool serve = false;    // demo

    bool operator==(const Invocation&) const = default;
};

}  // namespace laterd::cli
