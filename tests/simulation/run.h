// One seed from its first record to its last: a time of faults, then the proof that everything comes right.
#pragma once

#include "simulation/faults.h"
#include "simulation/traffic.h"
#include "simulation/world.h"

namespace laterd::simulation {

struct Summary {
    std::uint64_t hash = 0;
    std::size_t records = 0;
    std::size_t duplicates = 0;
    std::uint64_t turns = 0;
    Nanoseconds virtual_time{};
};

class Run {
  public:
    Run(const Scenario& scenario, Sightings& sightings, bool print)
        : world_(scenario, sightings, print), traffic_(world_), faults_(world_) {}

    // Throws Violation.
    Summary perform();

    SteadyTime now() const noexcept { return world_.now(); }

    // What every daemon thinks of its partitions.
    std::string state() const;

  private:
    void restart();
    bool is_unsettled();
    void settle_for(Nanoseconds most);
    void require_settled(Nanoseconds grace);
    void require_due_settled(std::size_t partition, WallTime due_by);
    bool is_all_committed() const;
    void require_all_committed();
    void require_ends();
    void require_idle();
    void drain_all();
    bool may_stop_at(const Truth::Fact& fact) const;
    bool may_be_stopped(std::size_t partition);
    const core::Partition* find(std::size_t partition) const;
    bool is_stopped(std::size_t partition) const;
    bool waits_for_others(std::size_t partition) const;
    std::optional<WallTime> last_due() const;
    WallTime slowest_clock() const;
    std::uint64_t turns() const;

    World world_;
    Traffic traffic_;
    Faults faults_;
    bool closing_ = false;
};

}  // namespace laterd::simulation
