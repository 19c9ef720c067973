// What an outcome means for its record: settled, tried again alone, dead-lettered, or held until the sink answers.
#include <algorithm>
#include <cassert>

#include "core/pipeline.h"

namespace laterd::core {

namespace {

constexpr Milliseconds k_copy_backoff_first{100};
constexpr Milliseconds k_copy_backoff_longest{1'000};

}  // namespace

void Pipeline::outcomes(const Now& now, std::vector<Outcome>& outcomes) {
    for (Outcome& outcome : outcomes) {
        in_flight_bytes_ -= outcome.record->bytes;
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
        }
    }
    outcomes.clear();
}

void Pipeline::settle(const Now& now, Partition& partition, Outcome& outcome) {
    switch (outcome.result) {
        case Outcome::Result::delivered:
            settled(now, partition, *outcome.record);
            return;
        case Outcome::Result::retry:  // comes with the retry policy; until then tried again like a missing sink
            not_attempted(now, partition, std::move(outcome.record), outcome.reason);
            return;
        case Outcome::Result::rejected:
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
        if (gate_.answered(now.steady)) {
            commands_.notices.push_back({.kind = Notice::Kind::gate_open});
        }
    } else {
        counters_.dead_letters[static_cast<std::size_t>(record.reason)].add();
        commands_.notices.push_back({.kind = Notice::Kind::dead_lettered,
                                     .slot = record.slot,
                                     .offset = record.offset,
                                     .reason = record.reason});
        partition.backoff = Milliseconds{0};
    }
    partition.ledger.settled(record.offset);
    uncommitted_ = true;
    sweep_soon(now);
}

void Pipeline::rejected(const Now& now, Partition& partition, RecordPtr record, Reason reason) {
    if (record->purpose == Purpose::deliver && gate_.answered(now.steady)) {
        commands_.notices.push_back({.kind = Notice::Kind::gate_open});
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
        give_up(now, partition, std::move(record), reason);
        return;
    }
    // A dead letter that is refused for good: without its error header, then without its value.
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
    record->reason = reason;
    record->alone = false;
    ++record->attempts;
    if (options_.has_dead_letter) {
        record->fate = Fate::dead_letter;
        record->purpose = Purpose::dead_letter;
    } else {
        record->fate = Fate::stop;
    }
    put_back(now, partition, std::move(record));
}

void Pipeline::not_attempted(const Now& now, Partition& partition, RecordPtr record, Reason reason) {
    counters_.not_attempted.add();
    if (record->purpose == Purpose::deliver) {
        if (gate_.hold(reason, now.steady)) {
            commands_.notices.push_back(
                {.kind = Notice::Kind::gate_holding, .slot = record->slot, .reason = reason});
        }
    } else {
        // Only the partition that needs the dead-letter topic waits for it.
        if (partition.backoff == Milliseconds{0}) {
            partition.backoff = k_copy_backoff_first;
            commands_.notices.push_back({.kind = Notice::Kind::copy_backoff,
                                         .slot = record->slot,
                                         .offset = record->offset,
                                         .reason = reason});
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
        return;  // it is read again when an operator has acted
    }
    held_bytes_ += record->bytes;
    partition.hold.put_back(std::move(record));
    schedule(now, partition);
}

}  // namespace laterd::core
