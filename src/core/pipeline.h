// The whole behaviour of one worker between Kafka and its sink: admit, hold, release, settle, commit, and the flow
// control of its partitions. Sans I/O: events go in with the current time, commands come out.
//
// The shell calls one event function after the other, `tick` once at the end of a loop turn, and then executes
// `commands()`. No event function may be called with a `now` whose steady time lies before that of the call before;
// the wall time may step as it likes.
//
// One assignment of the group covers all partitions of the worker (eager rebalancing): `assigned` begins it,
// `revoke` or `lose` ends it. Partitions are named by slots that the shell chooses.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/commands.h"
#include "core/commit_note.h"
#include "core/counters.h"
#include "core/gate.h"
#include "core/partition.h"
#include "core/record.h"
#include "core/retry_policy.h"
#include "core/sequencer.h"
#include "core/start.h"
#include "core/tier.h"
#include "core/time.h"
#include "core/view.h"

namespace laterd::core {

struct PipelineOptions {
    StartPolicy start = StartPolicy::earliest;
    OutOfRange out_of_range = OutOfRange::stop;
    bool has_dead_letter = false;  // without one, a record that would be dead-lettered stops its partition
    std::uint64_t hold_bytes = 64 << 20;  // held and in flight together, this worker
    std::uint32_t open_max = 64;  // partitions that may be unpaused at a time: each may prefetch its cap
    bool sequenced = false;       // a handler: deliveries go through the sequencer, `concurrency` at a time
    std::uint32_t concurrency = 64;
    RetryPolicy retry;
    std::uint32_t guard = 0;  // dead letters in a row after which the route holds; 0: off
    std::uint64_t rule = 0;   // hash of the due rule: what another one settled out of order is not believed
    std::uint64_t seed = 0;   // of the jitter
    std::size_t note_chars = k_note_chars_most;  // of one commit's metadata
    std::uint32_t in_flight_max = 20'000;  // records of one partition handed to the sink and not answered
    std::uint32_t release_max =
        4'096;                      // records per tick, so that rebalances and outcomes are served between
    std::uint32_t visit_max = 256;  // records of one partition before the next one's turn
    Milliseconds commit_interval{1'000};
    Milliseconds commit_timeout{10'000};  // an unanswered commit counts as failed after this
    Milliseconds revoke_wait{2'000};      // for what is in flight, before partitions are given up
    Milliseconds drain_timeout{20'000};
    TierTimes tier;
};

struct Assigned {
    Slot slot;
    std::int32_t number;  // of the partition in its topic
    Role role = Role::source;
    Order order = Order::partition;  // of a source; that of the other roles is not a choice
    TopicCounters* topic = nullptr;  // outlives the pipeline; those of the topic, when somebody counts them
};

// What became of a delivery.
struct Outcome {
    enum class Result : std::uint8_t {
        delivered,
        retry,          // the handler failed: an attempt is spent
        rejected,       // refused for good. By a broker: counts only when the record was alone in its request
        not_known,      // nobody knows whether it is stored: again, and a duplicate is possible
        not_attempted,  // the sink is missing, down, or refuses the client: nothing to do with this record
    };
    RecordPtr record;
    Result result = Result::delivered;
    Reason reason = Reason::none;
    std::uint16_t code = 0;                   // the HTTP status when `reason` is http
    std::optional<Milliseconds> retry_after;  // retry: what the handler asked for, from now
};

struct CommitAnswer {
    enum class Result : std::uint8_t {
        ok,
        failed,      // try again
        not_member,  // UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED: the partitions may be somebody else's
    };
    Slot slot = 0;
    Epoch epoch = 0;
    Offset offset = 0;
    Result result = Result::ok;
};

class Pipeline {
  public:
    Pipeline(const PipelineOptions& options, Counters& counters);

    // --- events ---

    // A new assignment. Implies that the one before is gone (it was revoked or lost).
    void assigned(const Now& now, std::span<const Assigned> partitions);

    // Answers to look_up; those of an old epoch are ignored.
    void positions(const Now& now, std::span<const Position> found);

    // Records read from one partition, offsets rising, `slot`, `epoch`, `due`, `fate`, `reason`, `bytes` filled in.
    // Those of an old epoch or below the position are dropped. `records` is left empty.
    void fetched(const Now& now, Slot slot, std::vector<RecordPtr>& records);

    // The client read up to `position` and there is nothing more now (after control records, too).
    void end_reached(const Now& now, Slot slot, Epoch epoch, Offset position);

    // The client's position lies outside of the log; the client reads this partition no more until it is assigned anew.
    void out_of_range(const Now& now, Slot slot, Epoch epoch);

    // `outcomes` is left empty.
    void outcomes(const Now& now, std::vector<Outcome>& outcomes);

    void committed(const Now& now, std::uint64_t id, std::span<const CommitAnswer> answers);

    // The group takes the assignment back; `unassign` follows once what is in flight has settled, or after revoke_wait.
    void revoke(const Now& now);

    // The assignment is gone already (session expired, fenced): nothing may be committed.
    void lose(const Now& now);

    // The loop was away longer than the session: somebody else may own the partitions by now.
    void suspended(const Now& now);

    // Another budget: more is read at once; less as what is held leaves, and what is open closes in its turn.
    void resize(const Now& now, std::uint64_t hold_bytes, std::uint32_t open_max);

    // Orderly stop: release nothing new, settle what is in flight, commit. Ends with Commands::drained.
    void drain(const Now& now);

    // How many partitions the waiting topic has now; 0, from the start, while there is none or that is not known.
    void wait_partitions(std::int32_t count) noexcept { wait_partitions_ = count; }

    // What Kafka keeps of the retry topic's records, a margin taken off (retention.h): no attempt is later than this after the
    // one before. nullopt, from the start: for ever, or what is far away goes round.
    void retry_kept(std::optional<Milliseconds> longest) noexcept { retry_kept_ = longest; }

    // A topic of the route is not fit for it (Reason::compacted, say): nothing leaves the hold, copies neither, until this is
    // called with Reason::none.
    void unfit(const Now& now, Reason reason);

    // The wall clock was stepped: every decision that depends on it is taken again.
    void clock_stepped(const Now& now);

    // The end of a loop turn: release what is due, decide tiers, commit.
    void tick(const Now& now);

    // --- questions ---

    // How many records the shell may read from this partition's queue now; 0 when it must not read.
    std::size_t allowance(const Now& now, Slot slot);

    // The epoch that records read from this partition belong to now; 0 when it is not assigned.
    Epoch epoch(Slot slot) const noexcept;

    // Sets the gauges of `counters`.
    void measure(const Now& now);

    // For people; takes microseconds for each partition, and for the records held at most a fraction of a millisecond.
    View view(const Now& now) const;

    // For lag: the committable offset of a running partition.
    std::optional<Offset> committable(Slot slot) const noexcept;

    // For the shell's watch over stalled fetches: the next offset to read, when the partition is open.
    std::optional<Offset> open_position(Slot slot) const noexcept;

    Commands& commands() noexcept { return commands_; }

    // For the simulation and tests.
    const Partition* partition(Slot slot) const noexcept;
    const Gate& gate() const noexcept { return gate_; }
    std::uint64_t bytes() const noexcept { return held_bytes_ + in_flight_bytes_; }
    std::size_t in_flight() const noexcept { return in_flight_; }

  private:
    enum class Ending : std::uint8_t { none, revoking, draining, drained };

    // pipeline.cpp
    Partition* current(Slot slot, Epoch epoch) noexcept;
    Partition* at(Slot slot) noexcept;
    void admit(const Now& now, Partition& partition, RecordPtr record);
    bool was_settled(const Partition& partition, const Record& record) const noexcept;
    void send_away(const Now& now, Partition& partition, Record& record) const;
    bool choose_lap(const Now& now, Record& record) const noexcept;
    bool owes_copies() const noexcept;
    void begin(const Now& now, Partition& partition, const Position& found);
    void abandon(Partition& partition);
    void ask(const Now& now, Partition& partition);
    void ask_due(const Now& now);
    void want_assign(SteadyTime by);
    void assign_when_ready(const Now& now);
    void stop(Partition& partition, Notice::Kind kind, Offset offset, Reason reason);
    void drop_all(DuplicateCause cause);
    void end_when_settled(const Now& now);
    void wake(WallTime at);
    void wake(SteadyTime at);

    // release.cpp
    void release_due(const Now& now);
    void release_all(const Now& now);
    void release_owed(const Now& now);
    void release_probe(const Now& now);
    void pass_the_guard(const Now& now);
    std::size_t release_from(const Now& now, Partition& partition, std::size_t most);
    void hand_over(const Now& now, Partition& partition, RecordPtr record);
    bool can_release(const Now& now, const Partition& partition) const;
    bool is_guarded(const Record& record) const noexcept;
    bool may_go(const Partition& partition, const Record& record) const;
    void end_lap(const Now& now, Partition& partition, RecordPtr record);
    RecordPtr take(Partition& partition);
    void hold(Partition& partition, RecordPtr record, bool again);

    // stage.cpp
    void count_staged(Partition& partition, const Record& record) noexcept;
    Partition* uncount_staged(const Record& record) noexcept;
    void stage(Partition& partition, RecordPtr record);
    void recall_early(const Now& now);
    void restage(Partition& partition, RecordPtr record, std::optional<SteadyTime> until);
    RecordPtr unstage();
    void deliver_staged(const Now& now);
    void schedule(const Now& now, Partition& partition);
    void end_backoffs(const Now& now);

    // settle.cpp
    void settle(const Now& now, Partition& partition, Outcome& outcome);
    void settled(const Now& now, Partition& partition, const Record& record);
    void failed(const Now& now, Partition& partition, Outcome& outcome);
    void refused(const Now& now, Partition& partition, Outcome& outcome);
    void answered(const Now& now);
    void leave_sequence(const Record& record);
    void stop_when_at_head(Partition& partition);
    void rejected(const Now& now, Partition& partition, RecordPtr record, Reason reason);
    void hold_route(const Now& now, const Record& record, Reason reason);
    void not_attempted(const Now& now, Partition& partition, RecordPtr record, Reason reason);
    void give_up(const Now& now, Partition& partition, RecordPtr record, Reason reason);
    void put_back(const Now& now, Partition& partition, RecordPtr record);
    // A delivery to a handler, which passes the stage.
    bool is_call(const Record& record) const noexcept {
        return options_.sequenced && record.purpose == Purpose::deliver;
    }
    bool may_give_up() const noexcept { return options_.guard == 0 || given_up_ < options_.guard; }
    void count_given_up(const Now& now, Record& record);
    double draw() noexcept;

    // flow.cpp
    void sweep(const Now& now);
    void go_cold(const Now& now, Partition& partition);
    void open(const Now& now, Partition& partition);
    void open_waiting(const Now& now);
    bool close_idle(const Now& now, std::size_t wanted);
    bool has_read_ahead(const Now& now, Partition& partition) noexcept;
    std::uint64_t window() const noexcept;
    std::uint64_t room(const Partition& partition, std::uint64_t used) const noexcept;
    void sweep_soon(const Now& now);

    // commit.cpp
    void commit_when_due(const Now& now);
    void commit_now(const Now& now, bool everything);
    void forget_outstanding_commit();
    void commit_answered(const Now& now, const CommitAnswer& answer);
    bool has_uncommitted() const noexcept;
    std::uint64_t rule_of(const Partition& partition) const noexcept;
    std::optional<DoneMap> done_map(Partition& partition, std::size_t room) const;

    PipelineOptions options_;  // constant but for the budget, see resize()
    Counters& counters_;
    Commands commands_;

    Epoch epoch_ = 0;
    Epoch first_epoch_ = 0;                               // of this assignment
    std::vector<std::unique_ptr<Partition>> partitions_;  // by slot; empty places are not assigned
    std::size_t assigned_ = 1;                            // how many, at least 1
    Ending ending_ = Ending::none;
    SteadyTime end_by_{};
    bool suspended_ = false;

    // Assigning
    bool assign_wanted_ = false;
    SteadyTime assign_by_{};

    // Release: partitions that have something to release and may, by the due time of their next record
    std::set<std::pair<WallTime, Slot>> releasable_;
    std::set<std::pair<SteadyTime, Slot>> backoffs_;
    std::vector<Slot> visit_;
    Gate gate_;
    std::uint64_t held_bytes_ = 0;
    std::uint64_t in_flight_bytes_ = 0;  // of every epoch
    std::size_t in_flight_ = 0;          // of this epoch
    std::uint32_t calls_ = 0;            // deliveries to a handler in flight, of every epoch
    Sequencer sequencer_;
    std::uint64_t staged_bytes_ = 0;  // part of held_bytes_
    WallTime staged_until_{};  // the latest due time among what was staged, or the last look for early ones
    std::uint32_t given_up_ = 0;  // dead letters since the last delivery
    SteadyTime pass_at_{};        // the next one may pass the guard
    std::uint64_t random_;
    std::int32_t wait_partitions_ = 0;
    std::optional<Milliseconds> retry_kept_;
    Reason unfit_ = Reason::none;

    // Flow
    std::uint32_t open_ = 0;
    std::optional<SteadyTime> sweep_at_;
    std::optional<WallTime> sweep_at_wall_;
    std::vector<std::pair<WallTime, Slot>> waiting_;
    std::optional<Slot> full_;  // what this one holds is not due yet and leaves no room to read on
    bool said_full_ = false;
    bool denied_ = false;  // since the last tick the budget kept somebody from reading
    std::chrono::nanoseconds denied_for_{0};
    SteadyTime last_tick_{};

    // Commit
    std::uint64_t commit_id_ = 0;
    bool commit_outstanding_ = false;
    bool commit_everything_ = false;
    bool uncommitted_ = false;
    SteadyTime commit_sent_at_{};
    SteadyTime commit_retry_at_{};  // after a failure: not before
    SteadyTime committed_at_{};
};

}  // namespace laterd::core
