// The two kinds of time and the pair of them that one loop turn sees.
//
// Due times are wall-clock instants with millisecond resolution; timeouts are monotonic. The two types do not
// convert into each other. Only `loop` reads clocks; everything in `core` is handed `Now`.
#pragma once

#include <chrono>

namespace laterd::core {

using Milliseconds = std::chrono::milliseconds;
using Nanoseconds = std::chrono::nanoseconds;

// An instant on this host's wall clock (UTC, Unix epoch).
using WallTime = std::chrono::sys_time<Milliseconds>;

// An instant on the monotonic clock; only differences mean anything.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// What both clocks said at the start of this loop turn.
struct Now {
    WallTime wall;
    SteadyTime steady;
};

}  // namespace laterd::core
