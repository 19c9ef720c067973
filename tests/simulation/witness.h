// Watches one daemon and holds every step of it against the promises: a broken one throws Violation.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/pipeline.h"
#include "simulation/call_witness.h"
#include "simulation/record_spec.h"

namespace laterd::simulation {

struct World;
class Host;
class Process;
class Producer;

class Witness {
  public:
    Witness(World& world, Host& host, Process& process, Producer& producer, Calls& calls);

    // --- events, before the pipeline gets them ---
    void outcome(const core::Now& now, const core::Outcome& outcome);
    void committed(std::uint64_t id, std::span<const core::CommitAnswer> answers);
    void positions(std::span<const core::Position> found);
    void fetched(core::Slot slot, std::span<const core::RecordPtr> records);
    void suspended();
    void assigned_anew();
    void revoked(const core::Now& now);
    void lost();
    void draining(const core::Now& now);
    void resized(std::uint64_t hold_bytes, std::size_t open_max);
    void unfit(bool is_unfit);

    // Nothing has changed for so long that the budget of now has to be kept to.
    void budget_settled();

    // --- the turn ---
    void begin_turn(const core::Now& now);
    void before_tick();
    void end_turn(const core::Now& now);

    // --- commands ---
    void commit_requested(const core::Now& now, const core::CommitRequest& request);
    void unassigned(const core::Now& now);
    void assigned(std::span<const core::AssignEntry> entries);
    void released(const core::Now& now, const core::Record& record);
    void notice(const core::Notice& notice);

    // The last commit of this slot was one that may be lower than what is committed.
    bool may_go_back(core::Slot slot) const;

  private:
    // One partition in one assignment.
    struct Watch {
        core::Epoch epoch = 0;
        std::set<core::Offset> in_flight;
        std::set<core::Offset> returned;  // not delivered, and not handed out again yet
        std::optional<core::Offset> alone;
        core::Offset released_up_to = -1;
        core::Offset requested = -1;  // the last commit sent, without those that failed
        core::Offset acknowledged = -1;
        core::Offset committable = -1;  // what the pipeline called so before its last tick
        core::WallTime due_up_to{};
        std::set<core::Offset> released;      // not strict: all of them
        std::optional<core::DoneMap> handed;  // what earlier owners had settled
        std::set<core::Offset> fresh;         // not strict: settled in this turn
        std::optional<core::SteadyTime>
            unnoted_since;  // not strict: something has settled since the last commit
        bool moved = false;
        std::optional<core::SteadyTime> uncommitted_since;
    };

    Watch& watch(core::Slot slot);
    void forget_what_is_over();
    void check_lap(const core::Now& now, const SimulatedRecord& record);
    void check_lateness(const core::Now& now, const SimulatedRecord& record, Watch& seen, bool is_again);
    bool is_strict(core::Slot slot) const;
    void check_once(const SimulatedRecord& record, Watch& seen);
    void check_order(const SimulatedRecord& record, Watch& seen);
    void check_not_done(const SimulatedRecord& record, const Watch& seen) const;
    void check_note(const core::Now& now, const core::CommitEntry& entry, const Watch& seen);
    void check_note_is_true(std::size_t partition, core::Offset from, const core::DoneMap& done) const;
    void check_commits_come(const core::Now& now, core::Slot slot, Watch& seen);
    bool has_records(std::size_t partition, core::Offset from, core::Offset to) const;
    void check_memory();
    void look_around(const core::Now& now);

    World& world_;
    Host& host_;
    Process& process_;
    Producer& producer_;
    Calls& calls_;
    CallWitness call_witness_;

    std::map<core::Slot, Watch> watches_;
    core::SteadyTime born_{};
    bool suspended_ = false;
    std::uint64_t suspended_before_ = 0;  // commits up to this one were sent before
    std::uint64_t last_commit_ = 0;
    std::uint64_t answered_commit_ = 0;
    core::SteadyTime commit_sent_at_{};
    bool unfit_ = false;
    struct Budget {
        std::uint64_t hold_bytes;
        std::size_t open_max;
    };
    Budget budget_;
    Budget most_;  // that it was given: less is kept to only as what is held leaves
    bool revoking_ = false;
    bool losing_ = false;
    bool draining_ = false;
    core::SteadyTime revoked_at_{};
    core::SteadyTime end_by_{};
    std::size_t owed_ = 0;      // copies, before the last tick
    std::size_t given_up_ = 0;  // in flight when an assignment ended
    core::SteadyTime second_{};
    std::uint64_t turns_in_second_ = 0;
    std::uint64_t largest_record_ = 0;
};

}  // namespace laterd::simulation
