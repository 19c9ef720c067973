// Between release and deliver, for a handler: what may be in flight together, and how much.
#include <algorithm>
#include <map>
#include <vector>

#include "core/pipeline.h"

namespace laterd::core {

void Pipeline::count_staged(Partition& partition, const Record& record) noexcept {
    held_bytes_ += record.bytes;
    staged_bytes_ += record.bytes;
    partition.staged_bytes += record.bytes;
    ++partition.staged;
}

Partition* Pipeline::uncount_staged(const Record& record) noexcept {
    held_bytes_ -= record.bytes;
    staged_bytes_ -= record.bytes;
    Partition* partition = current(record.slot, record.epoch);
    if (partition != nullptr) {
        partition->staged_bytes -= record.bytes;
        --partition->staged;
    }
    return partition;
}

void Pipeline::stage(Partition& partition, RecordPtr record) {
    count_staged(partition, *record);
    staged_until_ = std::max(staged_until_, record->due);
    sequencer_.admit(std::move(record));
}

// One that was delivered and is to be delivered again: as soon as it may, or in place at `until`. Its sequence stays
// taken.
void Pipeline::restage(Partition& partition, RecordPtr record, std::optional<SteadyTime> until) {
    count_staged(partition, *record);
    if (until) {
        sequencer_.park(std::move(record), *until);
    } else {
        sequencer_.put_back(std::move(record));
    }
}

// The next one whose partition still wants it; nullptr when there is none.
RecordPtr Pipeline::unstage() {
    while (RecordPtr record = sequencer_.take()) {
        Partition* partition = uncount_staged(*record);
        if (partition != nullptr && partition->phase == Partition::Phase::running) {
            return record;
        }
        sequencer_.leave(record->sequence);
        // Its position is being looked for again: all of its records go on when it is found.
        if (partition != nullptr && partition->phase != Partition::Phase::stopped) {
            hold(*partition, std::move(record), true);
            for (RecordPtr& other : sequencer_.recall([partition](const Record& staged) {
                     return staged.slot == partition->slot && staged.epoch == partition->epoch;
                 })) {
                uncount_staged(*other);
                hold(*partition, std::move(other), true);
            }
        }
    }
    return nullptr;
}

// The wall clock was stepped back: what waits for its turn may not be due any more. Not what the handler has seen. In
// partition order those behind it go back, too.
void Pipeline::recall_early(const Now& now) {
    if (now.wall >= staged_until_) {
        return;
    }
    staged_until_ = now.wall;
    std::map<Slot, Offset> first;  // of those in partition order
    const auto hold_again = [&](std::vector<RecordPtr> records) {
        for (RecordPtr& record : records) {
            Partition* partition = uncount_staged(*record);
            if (partition == nullptr || partition->phase == Partition::Phase::stopped) {
                continue;
            }
            if (partition->order == Order::partition && partition->role == Role::source) {
                Offset& lowest = first.try_emplace(record->slot, record->offset).first->second;
                lowest = std::min(lowest, record->offset);
            }
            hold(*partition, std::move(record), true);
            schedule(now, *partition);
        }
    };
    hold_again(
        sequencer_.recall([&](const Record& record) { return !record.released && record.due > now.wall; }));
    hold_again(sequencer_.recall([&](const Record& record) {
        const auto early = first.find(record.slot);
        return !record.released && early != first.end() && record.offset > early->second;
    }));
}

void Pipeline::deliver_staged(const Now& now) {
    if (const std::optional<SteadyTime> at = sequencer_.unpark(now.steady)) {
        wake(*at);
    }
    if (gate_.state() == Gate::State::probing || sequencer_.next() == nullptr) {
        return;
    }
    if (gate_.state() == Gate::State::holding && !gate_.may_probe(now.steady)) {
        wake(gate_.probe_at());
        return;
    }
    const std::uint32_t width = gate_.width(now.steady);
    while (calls_ < std::min(options_.concurrency, width)) {
        RecordPtr record = unstage();
        if (!record) {
            return;
        }
        const bool probes = gate_.state() == Gate::State::holding;
        Partition& partition = *partitions_[record->slot];
        hand_over(now, partition, std::move(record));
        if (probes) {
            gate_.probe();
            return;
        }
    }
    if (sequencer_.next() != nullptr && width < options_.concurrency) {
        wake(Gate::wider_at(now.steady));
    }
}

}  // namespace laterd::core
