#include "core/done_map.h"

#include <algorithm>
#include <compare>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "core/base64.h"
#include "core/commit_note.h"
#include "core/done_map_text.h"

namespace laterd::core {

namespace {

using Entries = std::deque<Ledger::Entry>;

// What the last entry of `far` may cost that says "from here on none", with an exception before it.
constexpr std::size_t k_close_bytes = 40;

// Records are released by rising due time, then by rising offset: everything up to one of these has been.
struct Mark {
    WallTime due;
    Offset offset;

    auto operator<=>(const Mark&) const = default;
};

constexpr Mark k_none{.due = WallTime::min(), .offset = -1};
constexpr Mark k_all{.due = WallTime::max(), .offset = std::numeric_limits<Offset>::max()};

Mark mark_of(const Ledger::Entry& entry) noexcept {
    return {.due = entry.due, .offset = entry.offset};
}

// `due` if that is so, else `other`. Without a branch: whether a record is settled is as good as random, and mispredicting
// that was nine tenths of the time that a map takes.
WallTime due_if(bool condition, WallTime due, WallTime other) noexcept {
    const std::int64_t mask = -static_cast<std::int64_t>(condition);
    return WallTime{
        Milliseconds{(due.time_since_epoch().count() & mask) | (other.time_since_epoch().count() & ~mask)}};
}

// WallTime::max() says that nothing is far away.
bool is_far(WallTime due, WallTime at_least) noexcept {
    return due >= at_least && at_least != WallTime::max();
}

// From which due time on a record is far away, asked for rising offsets.
class FarWalk {
  public:
    explicit FarWalk(std::span<const DoneMap::Far> far) noexcept : far_(far) {}

    WallTime at_least(Offset offset) noexcept {
        while (next_ < far_.size() && far_[next_].from <= offset) {
            at_least_ = far_[next_++].at_least;
        }
        return at_least_;
    }

  private:
    std::span<const DoneMap::Far> far_;
    std::size_t next_ = 0;
    WallTime at_least_ = WallTime::max();
};

// The exceptions that are said, and the bytes that are left for more.
class Exceptions {
  public:
    explicit Exceptions(std::size_t room) noexcept : left_(room) {}

    // False, and nothing changes, when it does not fit.
    bool add(Offset offset) {
        const auto next = offsets_.lower_bound(offset);
        if (next != offsets_.end() && *next == offset) {
            return true;
        }
        const Offset before = next == offsets_.begin() ? -1 : *std::prev(next);
        std::size_t cost = except_bytes(before, offset);
        if (next != offsets_.end()) {
            cost += except_bytes(offset, *next) - except_bytes(before, *next);
        }
        if (cost > left_) {
            return false;
        }
        left_ -= cost;
        offsets_.insert(next, offset);
        return true;
    }
    void spend(std::size_t bytes) noexcept { left_ -= std::min(bytes, left_); }

    std::size_t left() const noexcept { return left_; }
    std::vector<Offset> below(Offset end) const { return {offsets_.begin(), offsets_.lower_bound(end)}; }

  private:
    std::set<Offset> offsets_;
    std::size_t left_;
};

// Makes one map: exceptions first, for they decide how much can be said.
class Maker {
  public:
    Maker(const Entries& entries, DoneMap& map, std::size_t room)
        : entries_(entries), map_(map), room_(room), exceptions_(room) {}

    void say_positions();
    void say_far(std::span<const DoneMap::Far> hints);
    void say_until();
    // The map ends behind the last record that it says settled. False when there is none.
    bool finish();

  private:
    Entries::const_iterator from(Offset offset) const;
    std::vector<Offset> last_settled_far(std::span<const DoneMap::Far> hints) const;
    bool open_far(Offset from, WallTime at_least, std::size_t keep);
    void close_far(Offset from);
    std::optional<Mark> latest_settled(const Mark& below) const;
    std::vector<Mark> unsettled_up_to(const Mark& top) const;

    const Entries& entries_;
    DoneMap& map_;
    const std::size_t room_;
    Exceptions exceptions_;
};

void Maker::say_positions() {
    for (const Ledger::Entry& entry : entries_) {
        if (entry.offset >= map_.end) {
            return;
        }
        if (!entry.settled && !exceptions_.add(entry.offset)) {
            map_.end = entry.offset;
            return;
        }
    }
}

Entries::const_iterator Maker::from(Offset offset) const {
    return std::lower_bound(entries_.begin(), entries_.end(), offset,
                            [](const Ledger::Entry& entry, Offset wanted) { return entry.offset < wanted; });
}

// For each of the hints the last record that it is true of; -1 when there is none.
std::vector<Offset> Maker::last_settled_far(std::span<const DoneMap::Far> hints) const {
    std::vector<Offset> last(hints.size(), -1);
    for (std::size_t i = 0; i < hints.size(); ++i) {
        const auto first = from(hints[i].from);
        auto entry = i + 1 < hints.size() ? from(hints[i + 1].from) : entries_.end();
        while (last[i] < 0 && entry > first) {
            --entry;
            if (entry->settled && is_far(entry->due, hints[i].at_least)) {
                last[i] = entry->offset;
            }
        }
    }
    return last;
}

// Hints are taken over as long as they say anything. In an outage of the waiting topic what is far away and not settled
// may be everything from some offset on: no exceptions then, but a last entry. Half of the room is left for the rest.
void Maker::say_far(std::span<const DoneMap::Far> hints) {
    if (hints.empty()) {
        return;
    }
    const std::vector<Offset> last = last_settled_far(hints);
    const std::size_t keep = exceptions_.left() / 2 + k_close_bytes;
    std::size_t next = 0;
    Offset useful_to = -1;  // what is said now is true of nothing behind it
    for (const Ledger::Entry& entry : entries_) {
        if (entry.offset >= map_.end) {
            return;
        }
        for (; next < hints.size() && hints[next].from <= entry.offset; ++next) {
            if (last[next] < 0) {
                continue;
            }
            if (!open_far(entry.offset, hints[next].at_least, keep)) {
                return;
            }
            useful_to = last[next];
        }
        const WallTime at_least = map_.far.empty() ? WallTime::max() : map_.far.back().at_least;
        if (due_if(!entry.settled, entry.due, WallTime::min()) < at_least || !is_far(entry.due, at_least)) {
            continue;
        }
        const bool is_useful = entry.offset < useful_to;
        if (is_useful && exceptions_.left() > keep && exceptions_.add(entry.offset)) {
            continue;
        }
        close_far(entry.offset);
        if (is_useful) {
            return;  // no room for more
        }
    }
}

bool Maker::open_far(Offset from, WallTime at_least, std::size_t keep) {
    if (!map_.far.empty() && map_.far.back().at_least == at_least) {
        return true;
    }
    const DoneMap::Far entry{.from = from, .at_least = at_least};
    const std::size_t cost = far_bytes(
        map_.far.empty() ? DoneMap::Far{.from = -1, .at_least = WallTime{}} : map_.far.back(), entry);
    if (exceptions_.left() < keep + cost) {
        close_far(from);
        return false;
    }
    exceptions_.spend(cost);
    map_.far.push_back(entry);
    return true;
}

void Maker::close_far(Offset from) {
    if (map_.far.empty() || map_.far.back().at_least == WallTime::max()) {
        return;
    }
    if (map_.far.back().from == from) {
        map_.far.back().at_least = WallTime::max();
        exceptions_.spend(k_close_bytes);
        return;
    }
    const DoneMap::Far entry{.from = from, .at_least = WallTime::max()};
    exceptions_.spend(far_bytes(map_.far.back(), entry));
    map_.far.push_back(entry);
}

// Of what is not said to be far away.
std::optional<Mark> Maker::latest_settled(const Mark& below) const {
    Mark latest = k_none;
    FarWalk walk(map_.far);
    for (const Ledger::Entry& entry : entries_) {
        const int counts =
            static_cast<int>(entry.settled) & static_cast<int>(entry.due < walk.at_least(entry.offset));
        const WallTime due = due_if(counts != 0, entry.due, WallTime::min());
        if (due >= latest.due && counts != 0 && latest < mark_of(entry) && mark_of(entry) < below) {
            latest = mark_of(entry);
        }
    }
    return latest == k_none ? std::nullopt : std::optional(latest);
}

// The earliest of them in order of release; more than fit are not looked at.
std::vector<Mark> Maker::unsettled_up_to(const Mark& top) const {
    std::vector<Mark> marks;
    for (const Ledger::Entry& entry : entries_) {
        if (entry.offset >= map_.end) {
            break;
        }
        if (due_if(!entry.settled, entry.due, WallTime::max()) <= top.due && !entry.settled &&
            mark_of(entry) <= top) {
            marks.push_back(mark_of(entry));
        }
    }
    // Each takes a byte at least.
    if (marks.size() > room_ + 1) {
        std::nth_element(marks.begin(), marks.begin() + static_cast<std::ptrdiff_t>(room_), marks.end());
        marks.resize(room_ + 1);
    }
    std::sort(marks.begin(), marks.end());
    return marks;
}

void Maker::say_until() {
    std::optional<Mark> top = latest_settled(k_all);
    if (!top) {
        return;
    }
    for (const Mark& mark : unsettled_up_to(*top)) {
        if (!exceptions_.add(mark.offset)) {
            top = latest_settled(mark);
            break;
        }
    }
    if (top) {
        map_.until = top->due;
        map_.tie_end = top->offset + 1;
    }
}

bool Maker::finish() {
    map_.except = exceptions_.below(map_.end);
    const auto last = std::find_if(entries_.rbegin(), entries_.rend(), [this](const Ledger::Entry& entry) {
        return entry.settled && map_.is_settled(entry.offset, entry.due);
    });
    if (last == entries_.rend()) {
        return false;
    }
    map_.end = last->offset + 1;
    map_.except = exceptions_.below(map_.end);
    std::erase_if(map_.far, [this](const DoneMap::Far& far) { return far.from >= map_.end; });
    return true;
}

}  // namespace

bool DoneMap::is_settled(Offset offset, WallTime due) const noexcept {
    if (offset >= end || std::binary_search(except.begin(), except.end(), offset)) {
        return false;
    }
    if (by_position || due < until || (due == until && offset < tie_end)) {
        return true;
    }
    const auto next = std::upper_bound(far.begin(), far.end(), offset,
                                       [](Offset wanted, const Far& entry) { return wanted < entry.from; });
    return next != far.begin() && is_far(due, std::prev(next)->at_least);
}

std::optional<DoneMap> make_done_map(const Ledger& ledger, std::uint64_t rule, bool by_position,
                                     std::span<const DoneMap::Far> far, std::size_t room_chars) {
    if (ledger.is_settled_in_order()) {
        return std::nullopt;
    }
    const Entries& entries = ledger.entries();
    const auto last = std::find_if(entries.rbegin(), entries.rend(),
                                   [](const Ledger::Entry& entry) { return entry.settled; });
    DoneMap map;
    map.rule = rule;
    map.end = last->offset + 1;
    map.by_position = by_position;
    const std::size_t room = base64_bytes(room_chars - std::min(room_chars, k_done_head_chars));
    if (room <= frame_bytes(map.end)) {
        return std::nullopt;
    }
    Maker maker(entries, map, room - frame_bytes(map.end));
    if (by_position) {
        maker.say_positions();
    } else {
        maker.say_far(far);
        maker.say_until();
    }
    return maker.finish() ? std::optional(std::move(map)) : std::nullopt;
}

std::optional<DoneMap> what_remains(const DoneMap& earlier, const Ledger& ledger) {
    if (ledger.committable() >= earlier.end) {
        return std::nullopt;
    }
    DoneMap map = earlier;
    const Entries& entries = ledger.entries();
    std::erase_if(map.except, [&](Offset offset) {
        const auto entry = std::lower_bound(
            entries.begin(), entries.end(), offset,
            [](const Ledger::Entry& before, Offset wanted) { return before.offset < wanted; });
        const bool is_received = entry != entries.end() && entry->offset == offset;
        return offset < ledger.committable() || (is_received && entry->settled);
    });
    return map;
}

}  // namespace laterd::core
