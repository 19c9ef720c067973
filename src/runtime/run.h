// Runs a routing table in the foreground until a signal ends it.
#pragma once

#include <string>

#include "config/routing_table.h"
#include "runtime/reload.h"

namespace laterd::runtime {

// Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 in this thread and those that it starts from here on. Before any thread.
void block_signals();
void unblock_signals();  // the same ones, in this thread

struct Versions {
    std::string laterd;
    std::string librdkafka;
};

// Returns the exit code: 0 after a requested stop (also when the drain ran out), 70 when the admin endpoint
// cannot be opened.
// SIGTERM or SIGINT: drains; a second one: stops at once. SIGHUP: reloads. SIGUSR1: logs the counters.
int run(config::RoutingTable table, Reload::Setup reload, const Versions& versions);

}  // namespace laterd::runtime
