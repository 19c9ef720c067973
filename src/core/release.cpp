// Which records go to the sink now: never before they are due, in order within a partition, round-robin over
// partitions, and only while the gate is open.
#include <algorithm>
#include <cassert>

#include "core/pipeline.h"

namespace laterd::core {

bool Pipeline::can_release(const Now& now, Partition& partition) {
    const Record* next = partition.hold.next();
    if (next == nullptr || partition.phase != Partition::Phase::running || ending_ != Ending::none) {
        return false;
    }
    if (partition.backoff_until && *partition.backoff_until > now.steady) {
        return false;
    }
    // A record that has to be alone in its request goes when everything before it is answered, and nothing goes
    // after it until it is answered itself. The head that stops the partition waits for earlier ones to settle.
    if (partition.alone_in_flight || ((next->alone || next->fate == Fate::stop) && partition.in_flight > 0)) {
        return false;
    }
    // A revoke cannot recall what was handed to the client: bounded by count and by the partition's window.
    return partition.in_flight == 0 ||
           (partition.in_flight < options_.in_flight_max && partition.in_flight_bytes < window());
}

void Pipeline::schedule(const Now& now, Partition& partition) {
    const std::optional<WallTime> key =
        can_release(now, partition) ? std::optional(partition.hold.next()->due) : std::nullopt;
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

void Pipeline::release_due(const Now& now) {
    if (suspended_ || ending_ != Ending::none) {
        return;
    }
    if (!gate_.is_open()) {
        release_probe(now);
        return;
    }
    std::size_t released = 0;
    bool more = true;
    while (more && released < options_.release_max) {
        visit_.clear();
        for (auto place = releasable_.begin(); place != releasable_.end() && place->first <= now.wall;
             ++place) {
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
    if (!releasable_.empty()) {
        wake(releasable_.begin()->first);
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
        const bool asks = partition.hold.next()->purpose == Purpose::deliver &&
                          partition.hold.next()->fate == Fate::deliver;
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

std::size_t Pipeline::release_from(const Now& now, Partition& partition, std::size_t most) {
    std::size_t released = 0;
    while (released < most && can_release(now, partition) && partition.hold.next()->due <= now.wall) {
        if (partition.hold.next()->fate == Fate::stop) {
            const Record* head = partition.hold.next();
            stop(partition, Notice::Kind::partition_stopped, head->offset, head->reason);
            return released + 1;
        }
        RecordPtr record = partition.hold.take();
        held_bytes_ -= record->bytes;
        hand_over(now, partition, std::move(record));
        ++released;
    }
    schedule(now, partition);
    sweep_soon(now);
    return released;
}

void Pipeline::hand_over(const Now& now, Partition& partition, RecordPtr record) {
    // In partition order a record cannot be earlier than its predecessors allowed.
    partition.released_until = std::max(partition.released_until, record->due);
    if (!record->released) {
        record->released = true;
        counters_.released.add();
        if (partition.released_until > WallTime{}) {
            // Negative only when the clock was stepped back after an earlier record's release.
            counters_.lateness.observe(std::max(Milliseconds{0}, now.wall - partition.released_until));
        }
    }
    if (record->purpose == Purpose::deliver && record->first_attempt == WallTime{}) {
        record->first_attempt = now.wall;
    }
    ++partition.in_flight;
    partition.in_flight_bytes += record->bytes;
    partition.alone_in_flight = record->alone;
    ++in_flight_;
    in_flight_bytes_ += record->bytes;
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
