#include "simulation/truth.h"

#include <algorithm>
#include <utility>

#include "simulation/violation.h"

namespace laterd::simulation {

void Truth::appended(std::size_t partition, const RecordSpec& spec, SteadyTime now, bool control) {
    Partition& place = partitions_[partition];
    const bool excused = static_cast<Offset>(place.facts.size()) < place.excused_below;
    place.facts.push_back({.spec = spec, .appended = now, .control = control, .excused = excused});
    appended_ += control ? 0 : 1;
}

void Truth::deleted(std::size_t partition, Offset low) {
    auto& facts = partitions_[partition].facts;
    for (auto i = static_cast<std::size_t>(low); i > 0 && !facts[i - 1].deleted; --i) {
        facts[i - 1].deleted = true;
    }
}

void Truth::added() {
    partitions_.push_back({.is_addition = any_committed_});
}

void Truth::recreated() {
    for (std::size_t i = own_; i < partitions_.size(); ++i) {
        Partition& partition = partitions_[i];
        // Kafka does not tell one topic from the next of the same name: a daemon that goes on at its old position
        // cannot know that what is below it there is new.
        const Offset end = std::max(partition.excused_below, static_cast<Offset>(partition.facts.size()));
        partition = {.incarnation = partition.incarnation + 1, .excused_below = end};
    }
}

Truth::Life& Truth::life(std::uint64_t origin) {
    if (lives_.size() <= origin) {
        lives_.resize(origin + 1);
    }
    return lives_[origin];
}

void Truth::persisted(const Place& place, std::uint64_t origin, core::Purpose purpose) {
    Life& known = life(origin);
    known.delivered += purpose == core::Purpose::deliver ? 1 : 0;
    known.dead += purpose == core::Purpose::dead_letter ? 1 : 0;
    Partition& partition = partitions_[place.partition];
    if (partition.incarnation != place.incarnation) {
        return;
    }
    Fact& fact = partition.facts[static_cast<std::size_t>(place.offset)];
    settled_ += fact.settled ? 0 : 1;
    duplicates_ += fact.copies > 0 ? 1 : 0;
    // So is one that was called and, by another daemon's clock, is far away.
    const bool is_repeat = fact.copies > 0 || (purpose == core::Purpose::wait && fact.called);
    known.repeats += is_repeat ? 1 : 0;
    fact.settled = true;
    ++fact.copies;
}

bool Truth::called(const Place& place) {
    Partition& partition = partitions_[place.partition];
    if (partition.incarnation != place.incarnation) {
        return false;
    }
    Fact& fact = partition.facts[static_cast<std::size_t>(place.offset)];
    return std::exchange(fact.called, true) || fact.copies > 0;
}

void Truth::lost(std::size_t partition, Offset from, Offset to) {
    auto& facts = partitions_[partition].facts;
    for (Offset offset = from; offset < to; ++offset) {
        if (static_cast<std::size_t>(offset) >= facts.size()) {
            require(was_recreated(partition),
                    "records were counted as lost that never were: partition, offset", partition, offset);
            return;
        }
        Fact& fact = facts[static_cast<std::size_t>(offset)];
        require(fact.deleted || was_recreated(partition),
                "a record that is there was counted as lost: partition, offset", partition, offset);
        fact.settled = fact.settled || fact.deleted;
    }
}

void Truth::excuse_below(std::size_t partition, Offset offset) {
    Partition& place = partitions_[partition];
    for (Offset i = place.excused_below; i < std::min(offset, static_cast<Offset>(place.facts.size())); ++i) {
        place.facts[static_cast<std::size_t>(i)].excused = true;
    }
    place.excused_below = std::max(place.excused_below, offset);
}

Offset Truth::prefix(std::size_t partition) noexcept {
    Partition& place = partitions_[partition];
    const auto& facts = place.facts;
    auto i = static_cast<std::size_t>(place.prefix);
    while (i < facts.size() && (facts[i].settled || facts[i].control || facts[i].excused)) {
        ++i;
    }
    place.prefix = static_cast<Offset>(i);
    return place.prefix;
}

void Truth::committed(std::size_t partition, Offset offset, Offset low, Offset high, bool latest,
                      bool may_go_back) {
    Partition& place = partitions_[partition];
    if (!place.committed) {
        if (latest && !place.is_addition && partition >= own_) {
            require(offset <= high || was_recreated(partition), "started beyond the end: partition, offset",
                    partition, offset);
            excuse_below(partition, offset);
        } else {
            require(offset <= low || was_recreated(partition),
                    "not started at the log's start: partition, offset, low", partition, offset, low);
            excuse_below(partition, std::min(offset, low));  // deleted before anybody asked for it
        }
    } else if (!may_go_back && !was_recreated(partition)) {
        require(offset >= *place.committed, "a commit went back: partition, from, to", partition,
                *place.committed, offset);
    }
    place.committed = offset;
    any_committed_ = any_committed_ || partition >= own_;
}

}  // namespace laterd::simulation
