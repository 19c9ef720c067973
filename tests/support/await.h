// Bounded polls of a condition: what tests use in place of sleeping.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace laterd::support {

// Asks `condition` every few milliseconds until it holds or `within` has passed; returns what it said last.
bool eventually(std::chrono::milliseconds within, const std::function<bool()>& condition);

// True when `condition` holds all the time for `during`. For "this does not happen"; keep it short.
bool always(std::chrono::milliseconds during, const std::function<bool()>& condition);

// The host's wall clock, Unix milliseconds.
std::int64_t wall_ms();

}  // namespace laterd::support
