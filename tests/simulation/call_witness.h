// Watches what one daemon does with its handler and with what came of its calls: attempts, backoff, sequences, the gate and
// the guard. A broken promise throws Violation.
#pragma once

#include <map>
#include <optional>

#include "core/pipeline.h"
#include "simulation/record_spec.h"

namespace laterd::simulation {

struct World;
class Host;
class Process;
class Calls;

class CallWitness {
  public:
    CallWitness(World& world, Host& host, Process& process, Calls& calls)
        : world_(world), host_(host), process_(process), calls_(calls) {}

    // Before the pipeline gets it. `is_current`: of an assignment that is not over.
    void outcome(const core::Now& now, const core::Outcome& outcome, bool is_current);

    void before_tick();
    void released(const core::Now& now, const SimulatedRecord& record);
    void holding();

    // An assignment of the partition is over.
    void is_over(core::Slot slot, core::Epoch epoch);

    // It was called before, in this assignment.
    bool was_called(const core::Record& record) const;

  private:
    // What a record has been through in this assignment.
    struct Story {
        bool called = false;
        bool copied = false;       // a copy of it was handed over
        bool dead = false;         // a dead letter, that is
        bool passed = false;       // its sequence went on without it
        std::uint32_t judged = 0;  // calls that were answered by retry or rejected; of the last one:
        core::Outcome::Result result = core::Outcome::Result::delivered;
        bool may_end = false;  // it need not be called again
        std::optional<core::Milliseconds> asked;
        core::Now at{};
        std::uint64_t era = 0;
    };
    struct Bounds {
        core::Milliseconds least;
        core::Milliseconds most;
    };
    using Key = std::pair<core::Slot, core::Epoch>;
    struct Holder {
        Key key;
        core::Offset offset;
    };

    Story& story(const core::Record& record) { return stories_[{record.slot, record.epoch}][record.offset]; }
    void settled(const core::Record& record);
    Bounds delay(std::uint32_t made, std::optional<core::Milliseconds> asked) const;
    void called(const core::Now& now, const SimulatedRecord& record, Story& story);
    void retried(const SimulatedRecord& record, const Story& story);
    void given_up(const core::Now& now, const SimulatedRecord& record, Story& story);
    void check_sequence(const SimulatedRecord& record, Story& story);
    bool may_leave(const Holder& holder);
    void check_predecessors(const core::Now& now, const SimulatedRecord& record) const;
    void check_probe(const core::Now& now, const SimulatedRecord& record);
    void check_guard(const core::Now& now, const SimulatedRecord& record, const Story& story);
    bool may_be_too_old(const SimulatedRecord& record, const Story& story, core::Milliseconds delay) const;

    World& world_;
    Host& host_;
    Process& process_;
    Calls& calls_;

    std::map<Key, std::map<core::Offset, Story>> stories_;
    std::map<std::uint64_t, Holder> holders_;  // by sequence: whose turn it is
    std::map<std::pair<Key, std::uint64_t>, core::Offset> called_up_to_;

    core::Gate::State gate_ = core::Gate::State::open;  // before this turn's tick
    core::Reason reason_ = core::Reason::none;
    bool probed_ = false;                       // in this turn
    std::optional<core::SteadyTime> asked_at_;  // held, or the last probe
    std::optional<core::SteadyTime> passed_at_;
    std::uint64_t era_ = 0;  // deliveries so far
    std::map<std::uint64_t, std::uint32_t> dead_in_era_;
};

}  // namespace laterd::simulation
