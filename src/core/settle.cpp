// What an outcome means for its record: settled, tried again alone, dead-lettered, or held until the sink answers.
#include <algorithm>
#include <cassert>
#include <utility>

#include "core/pipeline.h"

namespace laterd::core {

namespace {

// By what the wall clock may be ahead of what is read of it.
constexpr Milliseconds k_rounded_down{1};

constexpr Milliseconds k_copy_backoff_first{100};
constexpr Milliseconds k_copy_backoff_longest{1'000};

void count(ByReason& counts, const Record& record) noexcept {
    counts.reason[static_cast<std::size_t>(record.reason)].add();
    if (record.reason == Reason::http && record.reason_code < ByReason::k_statuses) {
        counts.status[record.reason_code].add();
    }
}

}  // namespace

void Pipeline::outcomes(const Now& now, std::vector<Outcome>& outcomes) {
    for (Outcome& outcome : outcomes) {
        in_flight_bytes_ -= outcome.record->bytes;
        calls_ -= is_call(*outcome.record) ? 1U : 0U;
        // An outcome of an assignment that is over settles nothing; it was counted when that ended.
        if (Partition* partition = current(outcome.record->slot, outcome.record->epoch)) {
            --in_flight_;
            --partition->in_flight;
            partition->in_flight_bytes -= outcome.record->bytes;
            if (outcome.record->alone) {
                partition->alone_in_flight = false;
            }
            settle(now, *partition, outcome);
            schedule(now, *partition);
        } else if (outcome.record->epoch >= first_epoch_) {
            leave_sequence(
                *outcome.record);  // its partition began anew, the others of the assignment did not
        }
    }
    outcomes.clear();
}

void Pipeline::settle(const Now& now, Partition& partition, Outcome& outcome) {
    switch (outcome.result) {
        case Outcome::Result::delivered:
            settled(now, partition, *outcome.record);
            return;
        case Outcome::Result::retry:
            failed(now, partition, outcome);
            return;
        case Outcome::Result::rejected:
            if (is_call(*outcome.record)) {
                refused(now, partition, outcome);
                return;
            }
            rejected(now, partition, std::move(outcome.record), outcome.reason);
            return;
        case Outcome::Result::not_known:
            counters_.duplicates[static_cast<std::size_t>(DuplicateCause::refused)].add();
            put_back(now, partition, std::move(outcome.record));
            return;
        case Outcome::Result::not_attempted:
            not_attempted(now, partition, std::move(outcome.record), outcome.reason);
            return;
    }
}

void Pipeline::settled(const Now& now, Partition& partition, const Record& record) {
    if (record.purpose == Purpose::deliver) {
        counters_.delivered.add();
        leave_sequence(record);
        const bool kept_back = !may_give_up();
        given_up_ = 0;
        if (kept_back) {
            for (const auto& held : partitions_) {
                if (held) {
                    schedule(now, *held);  // what the guard kept back
                }
            }
        }
        answered(now);
    } else {
        partition.backoff = Milliseconds{0};
    }
    if (record.purpose == Purpose::retry) {
        count(counters_.retries, record);
    } else if (record.purpose == Purpose::dead_letter) {
        count(counters_.dead_letters, record);
        commands_.notices.push_back({.kind = Notice::Kind::dead_lettered,
                                     .slot = record.slot,
                                     .offset = record.offset,
                                     .reason = record.reason,
                                     .code = record.reason_code});
    }
    partition.ledger.settled(record.offset);
    partition.note_is_stale = true;
    uncommitted_ = true;
    stop_when_at_head(partition);
    sweep_soon(now);
}

// A delivery that is not coming back lets the next of its sequence go.
void Pipeline::leave_sequence(const Record& record) {
    if (is_call(record)) {
        sequencer_.leave(record.sequence);
    }
}

// The sink answers, whatever it thinks of the record.
void Pipeline::answered(const Now& now) {
    if (gate_.answered(now.steady)) {
        commands_.notices.push_back({.kind = Notice::Kind::gate_open});
    }
}

void Pipeline::stop_when_at_head(Partition& partition) {
    if (partition.phase == Partition::Phase::running && partition.stop_at &&
        partition.ledger.committable() == *partition.stop_at) {
        stop(partition, Notice::Kind::partition_stopped, *partition.stop_at, partition.stop_reason);
    }
}

// An attempt was made and failed: again later, or never.
void Pipeline::failed(const Now& now, Partition& partition, Outcome& outcome) {
    Record& record = *outcome.record;
    counters_.failed.add();
    answered(now);
    ++record.attempts;
    record.reason = outcome.reason;
    record.reason_code = outcome.code;
    const bool in_place = !options_.retry.has_topic;
    const WallTime since = in_place && record.due > WallTime{} ? record.due : record.first_attempt;
    const Retrial retrial =
        decide_retrial(options_.retry, record.attempts, since, now.wall, outcome.retry_after, draw());
    if (!retrial.again) {
        give_up(now, partition, std::move(outcome.record), retrial.reason);
        return;
    }
    if (in_place) {
        count(counters_.retries, record);
        if (options_.sequenced) {
            restage(partition, std::move(outcome.record), now.steady + retrial.delay);
        } else {
            put_back(now, partition, std::move(outcome.record));
        }
        return;
    }
    leave_sequence(record);
    record.purpose = Purpose::retry;
    record.copy_due =
        now.wall + k_rounded_down + std::min(retrial.delay, retry_kept_.value_or(retrial.delay));
    put_back(now, partition, std::move(outcome.record));
}

// The handler wants this record never again.
void Pipeline::refused(const Now& now, Partition& partition, Outcome& outcome) {
    counters_.rejected.add();
    answered(now);
    ++outcome.record->attempts;
    outcome.record->reason_code = outcome.code;
    give_up(now, partition, std::move(outcome.record), outcome.reason);
}

void Pipeline::rejected(const Now& now, Partition& partition, RecordPtr record, Reason reason) {
    if (record->purpose == Purpose::deliver) {
        answered(now);
    }
    if (!record->alone) {
        // The broker judges a batch: this record may only be the neighbour of the one that deserves it.
        record->alone = true;
        const auto overtaken = static_cast<std::uint64_t>(partition.in_flight > 0);
        counters_.overtaken.add(overtaken);
        put_back(now, partition, std::move(record));
        return;
    }
    counters_.rejected.add();
    if (record->purpose == Purpose::deliver) {
        ++record->attempts;
        give_up(now, partition, std::move(record), reason);
        return;
    }
    if (record->purpose != Purpose::dead_letter &&
        (record->purpose == Purpose::wait || record->form == DeadLetterForm::without_error)) {
        record->form = DeadLetterForm::whole;
        give_up(now, partition, std::move(record), reason);
        return;
    }
    // A copy that is refused for good: without its error header, then without its value.
    if (record->form != DeadLetterForm::without_value) {
        record->form = record->form == DeadLetterForm::whole ? DeadLetterForm::without_error
                                                             : DeadLetterForm::without_value;
        put_back(now, partition, std::move(record));
        return;
    }
    record->fate = Fate::stop;
    put_back(now, partition, std::move(record));
}

void Pipeline::give_up(const Now& now, Partition& partition, RecordPtr record, Reason reason) {
    if (options_.has_dead_letter && record->purpose == Purpose::deliver && !may_give_up()) {
        // An outage or a wrong path must not flush a topic into the dead letters: it stays, and may be the next probe.
        hold_route(now, *record, Reason::guard);
        put_back(now, partition, std::move(record));
        return;
    }
    leave_sequence(*record);
    record->reason = reason;
    record->alone = false;
    if (options_.has_dead_letter) {
        record->fate = Fate::dead_letter;
        record->purpose = Purpose::dead_letter;
        count_given_up(now, *record);
    } else if (!partition.is_strict) {
        stop(partition, Notice::Kind::partition_stopped, record->offset, reason);
        return;
    } else {
        record->fate = Fate::stop;
    }
    put_back(now, partition, std::move(record));
}

// Once per record.
void Pipeline::count_given_up(const Now& now, Record& record) {
    if (std::exchange(record.given_up, true)) {
        return;
    }
    ++given_up_;
    if (!may_give_up()) {
        pass_at_ = now.steady + Gate::k_unhurried;
        hold_route(now, record, Reason::guard);
    }
}

void Pipeline::hold_route(const Now& now, const Record& record, Reason reason) {
    if (gate_.hold(reason, now.steady)) {
        commands_.notices.push_back(
            {.kind = Notice::Kind::gate_holding, .slot = record.slot, .reason = reason});
    }
}

// For the jitter: the same numbers in the same order from the same seed (SplitMix64, public domain).
double Pipeline::draw() noexcept {
    std::uint64_t bits = random_ += 0x9e3779b97f4a7c15U;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    bits ^= bits >> 31U;
    return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

void Pipeline::not_attempted(const Now& now, Partition& partition, RecordPtr record, Reason reason) {
    counters_.not_attempted.add();
    if (record->purpose == Purpose::deliver) {
        if (record->attempts == 0) {
            // There was none: max_age does not count the time of an outage.
            record->first_attempt = WallTime{};
        }
        hold_route(now, *record, reason);
    } else {
        // Only the partition that needs the other topic waits for it.
        if (partition.backoff == Milliseconds{0}) {
            partition.backoff = k_copy_backoff_first;
            commands_.notices.push_back({.kind = Notice::Kind::copy_backoff,
                                         .slot = record->slot,
                                         .offset = record->offset,
                                         .reason = reason,
                                         .purpose = record->purpose});
        } else {
            partition.backoff =
                std::min(partition.backoff * 2, std::chrono::milliseconds(k_copy_backoff_longest));
        }
        if (partition.backoff_until) {
            backoffs_.erase({*partition.backoff_until, partition.slot});
        }
        partition.backoff_until = now.steady + partition.backoff;
        backoffs_.insert({*partition.backoff_until, partition.slot});
    }
    put_back(now, partition, std::move(record));
}

void Pipeline::put_back(const Now& now, Partition& partition, RecordPtr record) {
    if (partition.phase == Partition::Phase::stopped) {
        leave_sequence(*record);
        return;  // it is read again when an operator has acted
    }
    if (is_call(*record)) {
        restage(partition, std::move(record), std::nullopt);
        return;
    }
    hold(partition, std::move(record), true);
    schedule(now, partition);
}

}  // namespace laterd::core
