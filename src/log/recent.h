// The last lines that somebody should look at, kept in memory for the status of the process.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "log/log.h"

namespace laterd::log {

struct RecentLine {
    struct Named {
        std::string name;
        decltype(Field::value) value;
    };
    std::int64_t unix_ms = 0;
    Level level = Level::warn;
    std::string event;
    std::vector<Named> fields;
};

inline constexpr std::size_t k_recent_lines = 50;

// Warnings and errors since the start, the last first; at most k_recent_lines.
std::vector<RecentLine> recent();

// Called by the log for every warning and error, whatever the level that is shown.
void keep_recent(Level level, std::int64_t unix_ms, std::string_view event, std::span<const Field> fields);

}  // namespace laterd::log
