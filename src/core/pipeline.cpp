#include "core/pipeline.h"

#include <algorithm>
#include <cassert>

#include "core/lap.h"

namespace laterd::core {

namespace {

// Asked again after this when a committed offset or a log's ends were not answered.
constexpr Milliseconds k_ask_again{250};

// The client is assigned what is ready after this, although other partitions are still being asked about: every
// assign makes the client fetch again what it had prefetched.
constexpr Milliseconds k_assign_patience{300};

// A position that is outside of the log again right after it was repaired is not looked at more often than this.
constexpr Milliseconds k_out_of_range_pause{500};

// The last commit of a drain is waited for this long at least, when the drain itself ran out of time.
constexpr Milliseconds k_last_commit_wait{1'000};

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options, Counters& counters)
    : options_(options), counters_(counters), random_(options.seed) {}

// --- finding partitions -------------------------------------------------------------------------------------------

Partition* Pipeline::at(Slot slot) noexcept {
    return slot < partitions_.size() ? partitions_[slot].get() : nullptr;
}

const Partition* Pipeline::partition(Slot slot) const noexcept {
    return slot < partitions_.size() ? partitions_[slot].get() : nullptr;
}

Epoch Pipeline::epoch(Slot slot) const noexcept {
    const Partition* found = partition(slot);
    return found != nullptr ? found->epoch : 0;
}

Partition* Pipeline::current(Slot slot, Epoch epoch) noexcept {
    Partition* partition = at(slot);
    return partition != nullptr && partition->epoch == epoch ? partition : nullptr;
}

// --- assigning ----------------------------------------------------------------------------------------------------

void Pipeline::assigned(const Now& now, std::span<const Assigned> partitions) {
    drop_all(DuplicateCause::lost);
    first_epoch_ = ++epoch_;
    counters_.rebalances.add();
    if (ending_ == Ending::revoking) {
        ending_ = Ending::none;
    }
    assigned_ = std::max<std::size_t>(partitions.size(), 1);
    for (const Assigned& assigned : partitions) {
        if (assigned.slot >= partitions_.size()) {
            partitions_.resize(assigned.slot + 1);
        }
        auto partition = std::make_unique<Partition>();
        partition->slot = assigned.slot;
        partition->epoch = epoch_;
        partition->number = assigned.number;
        partition->topic = assigned.topic;
        partition->role = assigned.role;
        // A retry record goes when it is due; in a waiting topic the laps end in the order of the offsets.
        partition->order = assigned.role == Role::source  ? assigned.order
                           : assigned.role == Role::retry ? Order::due
                                                          : Order::partition;
        partition->is_strict =
            assigned.role == Role::source && partition->order == Order::partition && !options_.sequenced;
        partitions_[assigned.slot] = std::move(partition);
        ask(now, *partitions_[assigned.slot]);
    }
    committed_at_ = now.steady;
}

void Pipeline::ask(const Now& now, Partition& partition) {
    partition.phase = Partition::Phase::asking;
    partition.ask_at = now.steady + options_.commit_timeout;  // in case that no answer ever comes
    commands_.look_up.push_back(partition.slot);
}

void Pipeline::ask_due(const Now& now) {
    for (const auto& partition : partitions_) {
        if (partition && partition->phase == Partition::Phase::asking) {
            if (partition->ask_at <= now.steady) {
                ask(now, *partition);
            }
            wake(partition->ask_at);
        }
    }
}

void Pipeline::positions(const Now& now, std::span<const Position> found) {
    for (const Position& position : found) {
        Partition* partition = current(position.slot, position.epoch);
        if (partition != nullptr && partition->phase == Partition::Phase::asking) {
            begin(now, *partition, position);
        }
    }
}

void Pipeline::begin(const Now& now, Partition& partition, const Position& found) {
    const std::optional<Offset> reading_at =
        partition.reassign_from_position ? std::optional(partition.ledger.position()) : std::nullopt;
    const Start start = decide_start(found, reading_at, partition.number, partition.role, options_.start,
                                     options_.out_of_range);
    if (start.kind == Start::Kind::ask_again) {
        partition.ask_at = now.steady + k_ask_again;
        return;
    }
    // What the notes say is passed on: with the present count, the first to commit after partitions were added would
    // make them look old to whoever asks about them next, and `start: latest` would skip what they hold.
    partition.topic_partitions = found.partitions_before > 0 ? found.partitions_before : found.partitions;
    if (start.kind == Start::Kind::stop) {
        stop(partition, Notice::Kind::position_stopped, reading_at ? *reading_at : *found.committed,
             Reason::none);
        return;
    }
    if (start.lost > 0) {
        counters_.lost.add(static_cast<std::uint64_t>(start.lost));
        commands_.notices.push_back({.kind = Notice::Kind::records_lost,
                                     .slot = partition.slot,
                                     .offset = start.offset,
                                     .count = static_cast<std::uint64_t>(start.lost)});
    }
    if (reading_at && !start.commit_first) {
        partition.ledger.skip_to(start.offset);
        partition.cold_head.reset();  // it may be among the lost
    } else {
        abandon(partition);
        partition.ledger = Ledger(start.offset);
        partition.committed = found.committed.value_or(-1);
        partition.commit_sent = partition.committed;
        if (!start.commit_first && found.done && found.done->rule == rule_of(partition)) {
            partition.earlier = found.done;
        }
    }
    if (start.commit_first) {
        if (found.committed || reading_at) {
            commands_.notices.push_back(
                {.kind = Notice::Kind::position_moved, .slot = partition.slot, .offset = start.offset});
        }
        partition.may_commit_back = true;
        partition.phase = Partition::Phase::committing;
        uncommitted_ = true;
        return;
    }
    partition.phase = Partition::Phase::running;
    schedule(now, partition);  // what was held all the while may go on
    uncommitted_ = true;
    want_assign(now.steady + k_assign_patience);
}

// The log that this partition was reading is gone (its topic was created anew): what is held of it cannot be told
// from the new one's records by its offsets, so it is not kept, and what is in flight settles nothing any more.
void Pipeline::abandon(Partition& partition) {
    if (partition.hold.size() > 0) {
        partition.owed = 0;
        counters_.lost.add(partition.hold.size());
        commands_.notices.push_back({.kind = Notice::Kind::records_lost,
                                     .slot = partition.slot,
                                     .offset = partition.ledger.position(),
                                     .count = partition.hold.size()});
        held_bytes_ -= partition.hold.bytes();
        partition.hold.clear();
    }
    if (partition.scheduled) {
        releasable_.erase({*partition.scheduled, partition.slot});
        partition.scheduled.reset();
    }
    if (!partition.is_quiet()) {
        partition.epoch = ++epoch_;  // what is staged is dropped when its turn comes
        partition.staged = 0;
        partition.staged_bytes = 0;
        in_flight_ -= partition.in_flight;
        partition.in_flight = 0;
        partition.in_flight_bytes = 0;
        partition.alone_in_flight = false;
    }
    partition.cold_head.reset();
    partition.stop_at.reset();
    partition.earlier.reset();
    partition.far.clear();
    partition.read_until = WallTime{};
    partition.released_until = WallTime{};
    partition.reassign_from_position = false;
}

void Pipeline::want_assign(SteadyTime by) {
    if (!assign_wanted_) {
        assign_wanted_ = true;
        assign_by_ = by;
    }
}

void Pipeline::assign_when_ready(const Now& now) {
    if (!assign_wanted_ || ending_ != Ending::none) {
        return;
    }
    const bool all_ready = std::none_of(partitions_.begin(), partitions_.end(), [](const auto& partition) {
        return partition && (partition->phase == Partition::Phase::asking ||
                             partition->phase == Partition::Phase::committing);
    });
    if (!all_ready && now.steady < assign_by_) {
        wake(assign_by_);
        return;
    }
    assign_wanted_ = false;
    std::vector<AssignEntry> entries;
    for (const auto& partition : partitions_) {
        if (!partition || partition->phase != Partition::Phase::running) {
            continue;
        }
        if (!partition->in_client) {
            partition->in_client = true;
            if (!partition->open && open_ < options_.open_max) {
                partition->open = true;
                partition->changed_at = now.steady;
                ++open_;
            }
        }
        partition->at_end = false;
        entries.push_back(
            {.slot = partition->slot, .offset = partition->ledger.position(), .paused = !partition->open});
    }
    // What was decided about a pause or a resume so far is part of the assignment now.
    commands_.pause.clear();
    commands_.resume.clear();
    commands_.assign = std::move(entries);
    sweep_soon(now);
}

// --- reading ------------------------------------------------------------------------------------------------------

void Pipeline::fetched(const Now& now, Slot slot, std::vector<RecordPtr>& records) {
    Partition* partition = at(slot);
    if (partition != nullptr) {
        for (RecordPtr& record : records) {
            const bool readable = partition->phase == Partition::Phase::running && partition->open;
            if (readable && record->epoch == partition->epoch &&
                record->offset >= partition->ledger.position()) {
                admit(now, *partition, std::move(record));
            }
        }
        schedule(now, *partition);
        sweep_soon(now);
    }
    records.clear();
}

void Pipeline::admit(const Now& now, Partition& partition, RecordPtr record) {
    if (record->fate == Fate::dead_letter && !options_.has_dead_letter) {
        record->fate = Fate::stop;
    }
    record->purpose = record->fate == Fate::dead_letter ? Purpose::dead_letter : Purpose::deliver;
    partition.at_end = false;
    partition.record_bytes = record->bytes;
    partition.cold_head.reset();
    partition.read_until = std::max(partition.read_until, std::max(record->due, record->lap_end));
    if (record->lap_end > WallTime{}) {
        partition.read_until = record->lap_end;  // laps end in the order of the offsets, due times do not
    }
    partition.ledger.received(record->offset, record->due);
    counters_.consumed.add();
    if (partition.topic != nullptr) {
        partition.topic->consumed.add();
    }
    if (was_settled(partition, *record)) {
        partition.ledger.settled(record->offset);
        uncommitted_ = true;
        return;
    }
    if (partition.order == Order::due && record->fate == Fate::stop) {
        // Nobody waits for it but those who read the partition next.
        if (!partition.stop_at) {
            partition.stop_at = record->offset;
            partition.stop_reason = record->reason;
        }
        stop_when_at_head(partition);
        return;
    }
    // From a waiting topic it comes at its lap's end.
    if (partition.order == Order::due && partition.role != Role::waiting) {
        send_away(now, partition, *record);
    }
    hold(partition, std::move(record), false);
}

// By an earlier owner. What is too far is so by the clock of the day, and its due time not what was noted then.
bool Pipeline::was_settled(const Partition& partition, const Record& record) const noexcept {
    const std::optional<DoneMap>& earlier = partition.earlier;
    return earlier && record.offset < earlier->end && record.reason != Reason::due_too_far &&
           earlier->is_settled(record.offset, record.due);
}

// What is far away goes to the waiting topic at once. The threshold moves in steps, so that few numbers tell a
// later owner which records those were.
void Pipeline::send_away(const Now& now, Partition& partition, Record& record) const {
    const WallTime far =
        wait_partitions_ > 0
            ? WallTime(std::chrono::ceil<FarStep>((now.wall + k_far_away).time_since_epoch()))
            : WallTime::max();
    // An earlier owner's thresholds reach up to what had been read; in a waiting topic records come to their laps' ends after.
    while (!partition.far.empty() && partition.far.back().from >= record.offset) {
        partition.far.pop_back();
    }
    if (partition.far.empty() || partition.far.back().at_least != far) {
        partition.far.push_back({.from = record.offset, .at_least = far});
    }
    if (record.fate != Fate::deliver || record.due < far) {
        return;
    }
    choose_lap(now, record);
}

// Chosen when it is read, and again when it goes: the topic may have been away so long that it would come back late. False:
// it stays.
bool Pipeline::choose_lap(const Now& now, Record& record) const noexcept {
    const std::optional<std::int32_t> lap = lap_for(record.due, now.wall, wait_partitions_);
    record.fate = lap ? Fate::wait : Fate::deliver;
    record.purpose = lap ? Purpose::wait : Purpose::deliver;
    record.copy_due = lap ? record.due : WallTime{};
    record.lap = lap.value_or(0);
    return lap.has_value();
}

void Pipeline::end_reached(const Now& now, Slot slot, Epoch epoch, Offset position) {
    Partition* partition = current(slot, epoch);
    if (partition == nullptr || partition->phase != Partition::Phase::running || !partition->open) {
        return;
    }
    if (position < partition->ledger.position()) {
        return;  // a stale one, from before a seek
    }
    partition->ledger.skip_to(position);
    partition->at_end = true;
    uncommitted_ = true;
    sweep_soon(now);
}

void Pipeline::out_of_range(const Now& now, Slot slot, Epoch epoch) {
    Partition* partition = current(slot, epoch);
    if (partition == nullptr || partition->phase != Partition::Phase::running) {
        return;
    }
    if (partition->open) {
        partition->open = false;
        --open_;
    }
    partition->in_client = false;
    partition->reassign_from_position = true;
    const bool again = partition->out_of_range_at != SteadyTime{} &&
                       now.steady < partition->out_of_range_at + k_out_of_range_pause;
    partition->out_of_range_at = now.steady;
    if (again) {
        partition->phase = Partition::Phase::asking;
        partition->ask_at = now.steady + k_out_of_range_pause;
    } else {
        ask(now, *partition);
    }
}

void Pipeline::stop(Partition& partition, Notice::Kind kind, Offset offset, Reason reason) {
    if (partition.open) {
        partition.open = false;
        --open_;
        sweep_at_ = SteadyTime{};  // somebody may wait for its place
        if (partition.in_client) {
            commands_.pause.push_back(partition.slot);
        }
    }
    held_bytes_ -= partition.hold.bytes();
    partition.hold.clear();
    partition.owed = 0;
    partition.phase = Partition::Phase::stopped;
    partition.stop_reason = reason;
    if (partition.scheduled) {
        releasable_.erase({*partition.scheduled, partition.slot});
        partition.scheduled.reset();
    }
    commands_.notices.push_back({.kind = kind, .slot = partition.slot, .offset = offset, .reason = reason});
}

// --- the end of an assignment --------------------------------------------------------------------------------------

void Pipeline::revoke(const Now& now) {
    if (ending_ == Ending::draining || ending_ == Ending::drained) {
        // The drain settles and commits as well; only answer the client sooner.
        end_by_ = std::min(end_by_, now.steady + options_.revoke_wait);
        return;
    }
    ending_ = Ending::revoking;
    end_by_ = now.steady + options_.revoke_wait;
}

void Pipeline::lose(const Now&) {
    drop_all(DuplicateCause::lost);
    commands_.commit.reset();  // decided earlier in this turn
    ++epoch_;
    commands_.unassign = true;
    if (ending_ == Ending::revoking) {
        ending_ = Ending::none;
    } else if (ending_ == Ending::draining) {
        ending_ = Ending::drained;
        commands_.drained = true;
    }
}

void Pipeline::drain(const Now& now) {
    if (ending_ == Ending::draining || ending_ == Ending::drained) {
        return;
    }
    ending_ = Ending::draining;
    end_by_ = now.steady + options_.drain_timeout;
}

void Pipeline::drop_all(DuplicateCause cause) {
    if (in_flight_ > 0) {
        counters_.duplicates[static_cast<std::size_t>(cause)].add(in_flight_);
        commands_.notices.push_back({.kind = Notice::Kind::duplicates, .count = in_flight_});
    }
    for (auto& partition : partitions_) {
        if (partition) {
            held_bytes_ -= partition->hold.bytes();
            partition.reset();
        }
    }
    held_bytes_ -= staged_bytes_;
    staged_bytes_ = 0;
    sequencer_.clear();
    releasable_.clear();
    backoffs_.clear();
    in_flight_ = 0;
    open_ = 0;
    assign_wanted_ = false;
    commit_outstanding_ = false;
    uncommitted_ = false;
    suspended_ = false;
    sweep_at_.reset();
    sweep_at_wall_.reset();
    commands_.pause.clear();
    commands_.resume.clear();
    commands_.look_up.clear();
    commands_.assign.reset();
    // A probe of an assignment that is over gets no answer.
    if (gate_.state() == Gate::State::probing) {
        gate_.unprobe();
    }
}

// What a failed delivery has led to is written down before the end: else it would be delivered once more.
bool Pipeline::owes_copies() const noexcept {
    if (unfit_ != Reason::none) {
        return false;
    }
    return std::any_of(partitions_.begin(), partitions_.end(), [](const auto& partition) {
        return partition && partition->owed > 0 && partition->hold.next()->is_owed();
    });
}

void Pipeline::end_when_settled(const Now& now) {
    if (ending_ == Ending::none || ending_ == Ending::drained) {
        return;
    }
    const bool in_time = now.steady < end_by_;
    if (in_time && (in_flight_ > 0 || (owes_copies() && !suspended_))) {
        wake(end_by_);
        return;
    }
    if (ending_ == Ending::revoking) {
        // Sent before the partitions are given up and not waited for: the next owner reads these offsets.
        if (!suspended_) {
            commit_now(now, false);
        }
        drop_all(DuplicateCause::revoked);
        ++epoch_;
        commands_.unassign = true;
        ending_ = Ending::none;
        return;
    }
    const SteadyTime patience = end_by_ + k_last_commit_wait;
    if (!commit_outstanding_ && has_uncommitted() && !suspended_ && now.steady < patience) {
        if (now.steady < commit_retry_at_) {
            wake(commit_retry_at_);
            return;
        }
        commit_now(now, false);
    }
    if (commit_outstanding_ && now.steady < patience) {
        wake(patience);
        return;
    }
    if (!suspended_) {
        // What was not answered or failed until now is sent once more, and not waited for.
        commit_now(now, false);
    }
    drop_all(DuplicateCause::revoked);
    ++epoch_;
    commands_.unassign = true;
    commands_.drained = true;
    ending_ = Ending::drained;
}

void Pipeline::suspended(const Now& now) {
    // Also when nothing is read yet: what begins now may be somebody else's already.
    const bool has_partitions = std::any_of(partitions_.begin(), partitions_.end(),
                                            [](const auto& partition) { return partition != nullptr; });
    if (!has_partitions) {
        return;
    }
    if (!suspended_) {
        commands_.notices.push_back({.kind = Notice::Kind::suspended});
    }
    suspended_ = true;
    forget_outstanding_commit();  // one sent before proves nothing, in an earlier suspension neither
    commit_now(now, true);
}

void Pipeline::unfit(const Now& now, Reason reason) {
    unfit_ = reason;
    sweep_soon(now);
}

void Pipeline::clock_stepped(const Now& now) {
    sweep_soon(now);
}

// --- the turn -----------------------------------------------------------------------------------------------------

void Pipeline::tick(const Now& now) {
    if (denied_ && last_tick_ != SteadyTime{}) {
        denied_for_ += now.steady - last_tick_;
        counters_.hold_full_ms.set(static_cast<std::uint64_t>(denied_for_.count() / 1'000'000));
    }
    denied_ = false;
    last_tick_ = now.steady;
    if (full_ && !said_full_) {
        commands_.notices.push_back({.kind = Notice::Kind::hold_full, .slot = *full_});
    }
    said_full_ = full_.has_value();
    full_.reset();

    ask_due(now);
    end_backoffs(now);
    if (unfit_ == Reason::none) {
        release_due(now);
    }
    sweep(now);
    commit_when_due(now);
    assign_when_ready(now);
    end_when_settled(now);
}

void Pipeline::wake(WallTime at) {
    at = std::max(at, WallTime{});  // the key of copies is earlier than any clock can show
    if (!commands_.wake_wall || at < *commands_.wake_wall) {
        commands_.wake_wall = at;
    }
}

void Pipeline::wake(SteadyTime at) {
    if (!commands_.wake_steady || at < *commands_.wake_steady) {
        commands_.wake_steady = at;
    }
}

// --- questions ----------------------------------------------------------------------------------------------------

std::optional<Offset> Pipeline::committable(Slot slot) const noexcept {
    const Partition* found = partition(slot);
    if (found == nullptr || found->phase == Partition::Phase::asking) {
        return std::nullopt;
    }
    return found->ledger.committable();
}

std::optional<Offset> Pipeline::open_position(Slot slot) const noexcept {
    const Partition* found = partition(slot);
    if (found == nullptr || !found->open || found->phase != Partition::Phase::running) {
        return std::nullopt;
    }
    return found->ledger.position();
}

void Pipeline::measure(const Now& now) {
    std::array<std::uint64_t, 4> by_state{};
    std::uint64_t held = 0;
    std::optional<WallTime> oldest;
    std::optional<WallTime> next;
    for (const auto& partition : partitions_) {
        if (!partition) {
            continue;
        }
        held += partition->hold.size() + partition->staged;
        const std::optional<WallTime> head = partition->head_due();
        if (head && (!next || *head < *next)) {
            next = head;
        }
        if (partition->ledger.unsettled() > 0 || head) {
            const WallTime due = partition->ledger.unsettled() > 0 ? partition->ledger.oldest_due() : *head;
            oldest = oldest ? std::min(*oldest, due) : due;
        }
        ++by_state[static_cast<std::size_t>(partition->state())];
    }
    for (std::size_t i = 0; i < by_state.size(); ++i) {
        counters_.partitions[i].set(by_state[i]);
    }
    const auto as_count = [](auto duration) {
        return static_cast<std::uint64_t>(
            std::max<std::int64_t>(std::chrono::duration_cast<Milliseconds>(duration).count(), 0));
    };
    counters_.held_records.set(held);
    counters_.held_bytes.set(held_bytes_);
    counters_.in_flight.set(in_flight_);
    // A record that is due at once is overdue since it was read, which nobody knows: not counted.
    counters_.overdue_ms.set(oldest && *oldest > WallTime{} ? as_count(now.wall - *oldest) : 0);
    counters_.next_due_ms.set(next ? as_count(next->time_since_epoch()) : 0);
    counters_.commit_age_ms.set(has_uncommitted() ? as_count(now.steady - committed_at_) : 0);
    const Gate::State gate = unfit_ == Reason::none ? gate_.state() : Gate::State::holding;
    const bool ends = ending_ == Ending::draining || ending_ == Ending::drained;
    counters_.gate.set(ends ? k_gate_draining : static_cast<std::uint64_t>(gate));
}

}  // namespace laterd::core
