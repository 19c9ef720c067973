// Which offset of one partition may be committed while records settle out of order.
#pragma once

#include <cstdint>
#include <deque>

#include "core/record.h"

namespace laterd::core {

class Ledger {
  public:
    struct Entry {
        Offset offset;
        WallTime due;
        bool settled;
    };

    // Nothing is known below `start`; everything there counts as settled.
    explicit Ledger(Offset start = 0) noexcept : position_(start) {}

    // A record was read. Offsets rise; gaps (compaction, control records) count as settled.
    void received(Offset offset, WallTime due);

    // The record's fate is final. Returns false, and changes nothing, when it was not received or is settled already.
    bool settled(Offset offset);

    // Everything below `position` that was not received does not exist (end of partition after control records).
    // A position that is not ahead changes nothing.
    void skip_to(Offset position) noexcept;

    // Forgets what was received from `offset` on; it will be received again. Nothing from there on may be settled.
    void rewind_to(Offset offset);

    // Everything below is settled.
    Offset committable() const noexcept;

    // The next offset to read.
    Offset position() const noexcept { return position_; }

    // The due time of the first record that is not settled; only when there is one.
    WallTime oldest_due() const noexcept { return entries_.front().due; }

    // Nothing settled lies behind something that is not.
    bool is_settled_in_order() const noexcept { return unsettled_ == entries_.size(); }

    // How many received records are not settled.
    std::size_t unsettled() const noexcept { return unsettled_; }

    // What was received from the committable offset on, by rising offset; the first one is not settled.
    const std::deque<Entry>& entries() const noexcept { return entries_; }

  private:
    std::deque<Entry>::iterator find(Offset offset);

    std::deque<Entry> entries_;  // the first one is never settled
    Offset position_;
    std::size_t unsettled_ = 0;
};

}  // namespace laterd::core
