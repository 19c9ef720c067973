// Which records leave the hold now: never before they are due, in the partition's order, round-robin over partitions.
// Deliveries go only while the gate is open; copies do not ask it.
#include <algorithm>
#include <cassert>

#include "core/lap.h"
#include "core/pipeline.h"

namespace laterd::core {

namespace {

// The others are copies, or only change their place in the hold.
bool is_for_sink(const Record& record) noexcept {
    return record.purpose == Purpose::deliver && record.fate == Fate::deliver && record.lap_end == WallTime{};
}

}  // namespace

// --- in and out of the hold ----------------------------------------------------------------------------------------

void Pipeline::hold(Partition& partition, RecordPtr record, bool again) {
    Hold::Place place = partition.order == Order::due ? Hold::Place::heap : Hold::Place::line;
    if (!partition.is_strict) {
        if (record->purpose != Purpose::deliver) {
            place = Hold::Place::copies;
        } else if (partition.role == Role::waiting && record->lap_end == WallTime{}) {
            place = Hold::Place::heap;
        }
    }
    held_bytes_ += record->bytes;
    partition.owed += record->is_owed() ? 1U : 0U;
    if (again) {
        partition.hold.put_back(std::move(record), place);
    } else {
        partition.hold.admit(std::move(record), place);
    }
}

RecordPtr Pipeline::take(Partition& partition) {
    RecordPtr record = partition.hold.take();
    held_bytes_ -= record->bytes;
    partition.owed -= record->is_owed() ? 1U : 0U;
    return record;
}

// --- what may go ---------------------------------------------------------------------------------------------------

bool Pipeline::can_release(const Now& now, const Partition& partition) const {
    const Record* next = partition.hold.next();
    if (next == nullptr || partition.phase != Partition::Phase::running) {
        return false;
    }
    if (ending_ != Ending::none && !next->is_owed()) {
        return false;
    }
    if (partition.backoff_until && *partition.backoff_until > now.steady) {
        return false;
    }
    // Those go one at a time, see pass_the_guard.
    return !is_guarded(*next) && may_go(partition, *next);
}

bool Pipeline::is_guarded(const Record& record) const noexcept {
    return record.purpose == Purpose::dead_letter && !record.given_up && !may_give_up();
}

bool Pipeline::may_go(const Partition& partition, const Record& record) const {
    // A record that has to be alone in its request goes when everything before it is answered, and nothing goes
    // after it until it is answered itself. The head that stops the partition waits for earlier ones to settle.
    if (partition.is_strict && (partition.alone_in_flight || (record.alone && partition.in_flight > 0))) {
        return false;
    }
    if (record.fate == Fate::stop && !partition.is_quiet()) {
        return false;
    }
    // A handler's deliveries are bounded in the stage.
    if (is_call(record)) {
        return true;
    }
    // A revoke cannot recall what was handed to the client: bounded by count and by the partition's window.
    return partition.in_flight == 0 ||
           (partition.in_flight < options_.in_flight_max && partition.in_flight_bytes < window());
}

void Pipeline::schedule(const Now& now, Partition& partition) {
    const std::optional<WallTime> key =
        can_release(now, partition) ? std::optional(partition.hold.next_at()) : std::nullopt;
    if (key == partition.scheduled) {
        return;
    }
    if (partition.scheduled) {
        releasable_.erase({*partition.scheduled, partition.slot});
    }
    if (key) {
        releasable_.insert({*key, partition.slot});
    }
    partition.scheduled = key;
}

// --- the turn ------------------------------------------------------------------------------------------------------

void Pipeline::release_due(const Now& now) {
    if (suspended_) {
        return;
    }
    if (ending_ != Ending::none) {
        release_owed(now);
        return;
    }
    if (options_.sequenced) {
        recall_early(now);
    }
    release_all(now);
    if (options_.sequenced) {
        deliver_staged(now);
    } else if (!gate_.is_open()) {
        release_probe(now);
    }
    pass_the_guard(now);
    if (!releasable_.empty() && (gate_.is_open() || options_.sequenced)) {
        wake(releasable_.begin()->first);
    }
}

void Pipeline::release_all(const Now& now) {
    std::size_t released = 0;
    bool more = true;
    while (more && released < options_.release_max) {
        // Without an open gate only copies go; their keys come first.
        const WallTime until = gate_.is_open() || options_.sequenced ? now.wall : WallTime::min();
        visit_.clear();
        for (auto place = releasable_.begin(); place != releasable_.end() && place->first <= until; ++place) {
            visit_.push_back(place->second);
        }
        more = false;
        for (const Slot slot : visit_) {
            const std::size_t most =
                std::min<std::size_t>(options_.visit_max, options_.release_max - released);
            if (most == 0) {
                break;
            }
            const std::size_t count = release_from(now, *partitions_[slot], most);
            released += count;
            more = more || count == most;
        }
    }
}

void Pipeline::release_owed(const Now& now) {
    if (now.steady >= end_by_) {
        return;  // this turn ends it: what is handed over now would go out after it
    }
    for (const auto& partition : partitions_) {
        if (partition && partition->owed > 0) {
            release_from(now, *partition, options_.release_max);
        }
    }
}

void Pipeline::release_probe(const Now& now) {
    if (gate_.state() != Gate::State::holding) {
        return;  // a probe is under way
    }
    if (!gate_.may_probe(now.steady)) {
        if (!releasable_.empty()) {
            wake(gate_.probe_at());
        }
        return;
    }
    // The oldest due record asks whether the route can go on; nothing due, nothing asked.
    while (!releasable_.empty() && releasable_.begin()->first <= now.wall) {
        Partition& partition = *partitions_[releasable_.begin()->second];
        if (!can_release(now, partition)) {
            schedule(now, partition);
            continue;
        }
        const bool asks = is_for_sink(*partition.hold.next());
        if (asks) {
            gate_.probe();
        }
        release_from(now, partition, 1);
        if (asks) {
            return;
        }
    }
    if (!releasable_.empty()) {
        wake(releasable_.begin()->first);
    }
}

// Behind a dead letter that the guard holds back there may be nothing that could be delivered and end its row: one a minute
// passes, whatever the gate is doing.
void Pipeline::pass_the_guard(const Now& now) {
    if (may_give_up()) {
        return;
    }
    Partition* oldest = nullptr;
    for (const auto& partition : partitions_) {
        const Record* next = partition ? partition->hold.next() : nullptr;
        if (next != nullptr && is_guarded(*next) && partition->hold.next_at() <= now.wall &&
            partition->phase == Partition::Phase::running && !partition->backoff_until &&
            may_go(*partition, *next) && (oldest == nullptr || next->due < oldest->hold.next()->due)) {
            oldest = partition.get();
        }
    }
    if (oldest == nullptr) {
        return;
    }
    if (now.steady < pass_at_) {
        wake(pass_at_);
        return;
    }
    pass_at_ = now.steady + Gate::k_unhurried;
    RecordPtr record = take(*oldest);
    record->given_up = true;
    hand_over(now, *oldest, std::move(record));
    schedule(now, *oldest);
}

std::size_t Pipeline::release_from(const Now& now, Partition& partition, std::size_t most) {
    std::size_t released = 0;
    while (released < most && can_release(now, partition) && partition.hold.next_at() <= now.wall) {
        const Record* next = partition.hold.next();
        if (next->fate == Fate::stop) {
            stop(partition, Notice::Kind::partition_stopped, next->offset, next->reason);
            return released + 1;
        }
        // The guard may have closed the gate in this very turn.
        if (is_for_sink(*next) && !options_.sequenced && gate_.state() == Gate::State::holding) {
            break;
        }
        ++released;
        RecordPtr record = take(partition);
        if (record->purpose == Purpose::wait && !choose_lap(now, *record)) {
            hold(partition, std::move(record), true);
        } else if (record->lap_end > WallTime{}) {
            end_lap(now, partition, std::move(record));
        } else if (is_call(*record)) {
            stage(partition, std::move(record));
        } else {
            hand_over(now, partition, std::move(record));
        }
    }
    schedule(now, partition);
    sweep_soon(now);
    return released;
}

// Round once more, or held until it is due.
void Pipeline::end_lap(const Now& now, Partition& partition, RecordPtr record) {
    record->lap_end = WallTime{};
    send_away(now, partition, *record);
    hold(partition, std::move(record), false);
}

void Pipeline::hand_over(const Now& now, Partition& partition, RecordPtr record) {
    // In partition order a record cannot be earlier than its predecessors allowed.
    partition.released_until = std::max(partition.released_until, record->due);
    const bool in_line = partition.order == Order::partition && partition.role == Role::source;
    const WallTime due = in_line ? partition.released_until : record->due;
    const bool is_release = record->purpose == Purpose::deliver || record->purpose == Purpose::dead_letter;
    if (is_release && !record->released) {
        record->released = true;
        counters_.released.add();
        if (due > WallTime{}) {
            // Negative only when the clock was stepped back after an earlier record's release.
            counters_.lateness.observe(std::max(Milliseconds{0}, now.wall - due));
        }
    }
    if (record->purpose == Purpose::deliver && record->first_attempt == WallTime{}) {
        record->first_attempt = now.wall;
    }
    if (record->purpose == Purpose::dead_letter) {
        count_given_up(now, *record);
    }
    ++partition.in_flight;
    partition.in_flight_bytes += record->bytes;
    partition.alone_in_flight = partition.is_strict && record->alone;
    ++in_flight_;
    in_flight_bytes_ += record->bytes;
    calls_ += is_call(*record) ? 1U : 0U;
    commands_.deliveries.push_back(std::move(record));
}

void Pipeline::end_backoffs(const Now& now) {
    while (!backoffs_.empty() && backoffs_.begin()->first <= now.steady) {
        const Slot slot = backoffs_.begin()->second;
        backoffs_.erase(backoffs_.begin());
        if (Partition* partition = at(slot)) {
            partition->backoff_until.reset();
            schedule(now, *partition);
        }
    }
    if (!backoffs_.empty()) {
        wake(backoffs_.begin()->first);
    }
}

}  // namespace laterd::core
