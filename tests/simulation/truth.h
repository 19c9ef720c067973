// What really became of every record of the source, known only to the simulation: the judge of every promise.
#pragma once

#include <optional>
#include <vector>

#include "simulation/record_spec.h"

namespace laterd::simulation {

using core::Offset;
using core::SteadyTime;
using core::WallTime;

class Truth {
  public:
    struct Fact {
        RecordSpec spec;
        SteadyTime appended{};
        bool control = false;
        bool deleted = false;  // by the broker
        bool settled = false;  // in the target, in the dead-letter topic, or counted as lost
        bool excused = false;  // nobody promised anything about it
        std::uint32_t copies = 0;
        bool called = false;
    };

    // What became of a record of the source and all its copies.
    struct Life {
        std::uint32_t calls = 0;      // of the handler
        std::uint32_t repeats = 0;    // calls and copies more than one of the same record
        std::uint32_t delivered = 0;  // to the target, or taken by the handler
        std::uint32_t dead = 0;
    };

    // The first `own` partitions are those of the route's own topics.
    Truth(std::size_t own, std::size_t partitions) : own_(own), partitions_(own + partitions) {}

    std::size_t partitions() const noexcept { return partitions_.size(); }

    void appended(std::size_t partition, const RecordSpec& spec, SteadyTime now, bool control);
    void deleted(std::size_t partition, Offset low);
    void added();
    // All of them, under the same name.
    void recreated();
    void offsets_forgotten() noexcept { any_committed_ = false; }

    // The broker took a copy of it, or the handler took it.
    void persisted(const Place& place, std::uint64_t origin, core::Purpose purpose);

    Life& life(std::uint64_t origin);

    // The handler is called with it. Returns whether it was before, or sent away.
    bool called(const Place& place);

    // A daemon counted [from, to) as lost.
    void lost(std::size_t partition, Offset from, Offset to);

    // The group begins at `offset` by the user's wish.
    void excuse_below(std::size_t partition, Offset offset);

    // The first offset that is not settled.
    Offset prefix(std::size_t partition) noexcept;
    // Everything below is excused.
    Offset excused_below(std::size_t partition) const noexcept {
        return partitions_[partition].excused_below;
    }

    std::uint32_t incarnation(std::size_t partition) const noexcept {
        return partitions_[partition].incarnation;
    }
    const std::vector<Fact>& facts(std::size_t partition) const noexcept {
        return partitions_[partition].facts;
    }
    const Fact& fact(std::size_t partition, Offset offset) const {
        return partitions_[partition].facts.at(static_cast<std::size_t>(offset));
    }

    // A commit of the group was written: what the first one of a partition and later ones may say.
    void committed(std::size_t partition, Offset offset, Offset low, Offset high, bool latest,
                   bool may_go_back);
    // The topic had been committed before this partition was made.
    bool is_addition(std::size_t partition) const noexcept { return partitions_[partition].is_addition; }
    bool was_committed(std::size_t partition) const noexcept {
        return partitions_[partition].committed.has_value();
    }
    bool was_recreated(std::size_t partition) const noexcept {
        return partitions_[partition].incarnation > 0;
    }

    std::size_t settled() const noexcept { return settled_; }
    std::size_t duplicates() const noexcept { return duplicates_; }
    std::size_t appended() const noexcept { return appended_; }

  private:
    struct Partition {
        std::uint32_t incarnation = 0;
        std::vector<Fact> facts;  // by offset
        Offset prefix = 0;
        Offset excused_below = 0;
        std::optional<Offset> committed;
        bool is_addition = false;
    };

    std::size_t own_;
    std::vector<Partition> partitions_;
    std::vector<Life> lives_;  // by origin
    bool any_committed_ = false;
    std::size_t settled_ = 0;
    std::size_t duplicates_ = 0;
    std::size_t appended_ = 0;
};

}  // namespace laterd::simulation
