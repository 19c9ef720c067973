// Reads the clocks; nothing else in laterd does.
#pragma once

#include "core/time.h"

namespace laterd::loop {

// Wall time is rounded down to the millisecond, so nothing is ever seen as due too early.
core::Now read_clocks() noexcept;

// CLOCK_BOOTTIME: goes on while the machine is suspended. Only differences mean anything.
std::chrono::milliseconds read_boot_time() noexcept;

}  // namespace laterd::loop
