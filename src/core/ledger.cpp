#include "core/ledger.h"

#include <algorithm>
#include <cassert>

namespace laterd::core {

void Ledger::received(Offset offset, WallTime due) {
    assert(offset >= position_);
    entries_.push_back({.offset = offset, .due = due, .settled = false});
    position_ = offset + 1;
    ++unsettled_;
}

std::deque<Ledger::Entry>::iterator Ledger::find(Offset offset) {
    if (entries_.empty() || offset < entries_.front().offset || offset > entries_.back().offset) {
        return entries_.end();
    }
    // Without gaps the place can be computed; that is nearly always so.
    const auto guess = static_cast<std::size_t>(offset - entries_.front().offset);
    if (guess < entries_.size() && entries_[guess].offset == offset) {
        return entries_.begin() + static_cast<std::ptrdiff_t>(guess);
    }
    auto found = std::lower_bound(entries_.begin(), entries_.end(), offset,
                                  [](const Entry& entry, Offset wanted) { return entry.offset < wanted; });
    return found != entries_.end() && found->offset == offset ? found : entries_.end();
}

bool Ledger::settled(Offset offset) {
    auto entry = find(offset);
    if (entry == entries_.end() || entry->settled) {
        return false;
    }
    entry->settled = true;
    --unsettled_;
    while (!entries_.empty() && entries_.front().settled) {
        entries_.pop_front();
    }
    return true;
}

void Ledger::skip_to(Offset position) noexcept {
    position_ = std::max(position_, position);
}

void Ledger::rewind_to(Offset offset) {
    while (!entries_.empty() && entries_.back().offset >= offset) {
        assert(!entries_.back().settled);
        entries_.pop_back();
        --unsettled_;
    }
    position_ = std::min(position_, offset);
}

Offset Ledger::committable() const noexcept {
    return entries_.empty() ? position_ : entries_.front().offset;
}

}  // namespace laterd::core
