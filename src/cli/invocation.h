// What the command line asks for.
#pragma once

#include <cstdint>
#include <string>

namespace laterd::cli {

enum class Command : std::uint8_t { run, check, status, health, demo };

struct Invocation {
    Command command = Command::run;
    std::string config;    // all but demo: the routing table's file
    bool connect = false;  // check
    bool print = false;    // check
    bool serve = false;    // demo
    bool json = false;     // status
    bool ready = false;    // health
    std::string at{};      // status, health: where the admin endpoint listens; empty: as the table says

    bool operator==(const Invocation&) const = default;
};

}  // namespace laterd::cli
