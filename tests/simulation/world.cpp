#include "simulation/world.h"

#include "simulation/host.h"

namespace laterd::simulation {

World::World(const Scenario& wanted, Sightings& seen, bool print)
    : scenario(wanted),
      sightings(seen),
      random(wanted.seed),
      trace(print),
      source(wanted.partitions, {}),
      target(wanted.target_partitions,
             {.max_message_bytes = wanted.target_max_bytes, .compacted = wanted.target_compacted}),
      dead(1, {.max_message_bytes = wanted.dead_max_bytes}),
      truth(wanted.partitions) {
    for (std::size_t i = 0; i < wanted.daemons; ++i) {
        const Nanoseconds skew = random.between(-wanted.clock_skew_max, wanted.clock_skew_max);
        hosts.push_back(std::make_unique<Host>(*this, static_cast<int>(i), skew));
    }
}

World::~World() = default;

}  // namespace laterd::simulation
