// A machine with one daemon: its clock, its way to the brokers, and what happens to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/time.h"
#include "simulation/model/group.h"
#include "simulation/random.h"

namespace laterd::simulation {

using core::SteadyTime;
using core::WallTime;

struct World;
class Process;

class Host {
  public:
    Host(World& world, int number, Nanoseconds clock_offset);
    ~Host();

    // --- for the daemon ---

    // Runs `what` after `delay`, when this daemon still lives and as soon as it is not frozen.
    void after(Nanoseconds delay, std::function<void()> what);

    core::Now read_clocks() const;

    // When the wall clock will show `wall`, if nobody steps it.
    SteadyTime when(WallTime wall) const;

    bool reaches_brokers() const;
    int number() const noexcept { return number_; }
    std::string instance() const;
    std::uint64_t life() const noexcept { return life_; }
    bool is_frozen() const noexcept { return frozen_; }
    Nanoseconds clock_offset() const noexcept { return clock_offset_; }
    Process* process() const noexcept { return process_.get(); }

    // The process has come to its orderly end.
    void ended();

    // --- what happens to it ---

    void start();
    void crash();
    void freeze();
    void thaw();
    void cut();
    void mend();
    void step_clock(Nanoseconds by);
    // The brokers cannot be reached, or can be reached again.
    void contact_changed();

  private:
    void watch_session(model::MemberId member, bool died = false);

    World& world_;
    int number_;
    Nanoseconds clock_offset_;
    std::uint64_t life_ = 0;
    bool frozen_ = false;
    SteadyTime frozen_at_{};
    bool cut_ = false;
    std::uint64_t away_ = 0;  // how often it has come back
    std::vector<std::function<void()>> deferred_;
    std::unique_ptr<Process> process_;
};

}  // namespace laterd::simulation
