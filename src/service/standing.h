// What the process does at the moment, as the one line that `systemctl status` shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace laterd::service {

struct Standing {
    std::size_t running = 0;              // routes
    std::vector<std::string> holding;     // routes that cannot deliver, with the reason
    std::vector<std::string> stopped;     // routes with a partition that waits for an operator
    std::vector<std::string> restarting;  // routes with a worker that died and is started again later
    std::vector<std::string> joining;  // routes that are in no group yet, because a cluster is away for one
    std::vector<std::string> idle;     // routes that own no partition: others have them all
    bool reload_refused = false;       // the last one: the table in force is an older one
    std::uint64_t waiting = 0;         // records
    std::uint64_t in_flight = 0;       // records
    std::optional<core::WallTime> next_due;
};

// E.g. `3 routes running; 12,345 records wait, next due 12:30:05`; the time of day is local, with the date if it is
// another day's.
std::string status_text(const Standing& standing, core::WallTime now);

// While it ends.
std::string drain_text(const Standing& standing);

}  // namespace laterd::service
