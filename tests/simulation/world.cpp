#include "simulation/world.h"

#include "simulation/host.h"
#include "simulation/process.h"

namespace laterd::simulation {

World::World(const Scenario& wanted, Sightings& seen, bool print)
    : scenario(wanted),
      sightings(seen),
      random(wanted.seed),
      trace(print),
      retry(wanted.retry_partitions, {.max_message_bytes = wanted.retry_max_bytes}),
      waiting(wanted.wait_partitions, {}),
      source(wanted.partitions, {}),
      target(wanted.target_partitions,
             {.max_message_bytes = wanted.target_max_bytes, .compacted = wanted.target_compacted}),
      dead(1, {.max_message_bytes = wanted.dead_max_bytes}),
      handler(wanted, random),
      truth(wanted.retry_partitions + wanted.wait_partitions, wanted.partitions) {
    for (std::size_t i = 0; i < wanted.daemons; ++i) {
        const Nanoseconds skew = random.between(-wanted.clock_skew_max, wanted.clock_skew_max);
        hosts.push_back(std::make_unique<Host>(*this, static_cast<int>(i), skew));
    }
}

World::~World() = default;

core::Role World::role(std::size_t partition) const noexcept {
    if (partition < first_waiting()) {
        return core::Role::retry;
    }
    return partition < first_source() ? core::Role::waiting : core::Role::source;
}

std::int32_t World::number(std::size_t partition) const noexcept {
    const std::size_t first = partition < first_waiting()  ? 0
                              : partition < first_source() ? first_waiting()
                                                           : first_source();
    return static_cast<std::int32_t>(partition - first);
}

model::Topic& World::topic(core::Role role) noexcept {
    switch (role) {
        case core::Role::retry:
            return retry;
        case core::Role::waiting:
            return waiting;
        case core::Role::source:
            break;
    }
    return source;
}

model::Log& World::log(std::size_t partition) noexcept {
    return topic(role(partition)).log(static_cast<std::size_t>(number(partition)));
}

void World::appended(std::size_t partition) {
    for (const auto& host : hosts) {
        if (host->process()) {
            host->process()->client().appended(partition);
        }
    }
}

}  // namespace laterd::simulation
