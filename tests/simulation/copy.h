// The copies that come back: what a simulated daemon writes on them, and how it reads them again. Both with laterd's own
// dialect, as the sink does.
#pragma once

#include "simulation/record_spec.h"
#include "simulation/world.h"

namespace laterd::simulation {

// What a copy weighs with its headers.
std::uint32_t copy_bytes(std::uint32_t bytes, core::Purpose purpose, core::DeadLetterForm form) noexcept;

// The copy of `record` for its purpose, which is retry or wait, but for its place. `written`: its timestamp.
World::Written copy_of(const World& world, const SimulatedRecord& record, core::WallTime written);

// Fills in what `record`, whose `id` is known, says about itself. Throws Violation when that is not what was written.
void read_copy(const World& world, SimulatedRecord& record);

}  // namespace laterd::simulation
