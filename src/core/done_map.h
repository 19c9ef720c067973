// What settled above a partition's committable offset, so that its next owner does not deliver it again.
//
// Not a list and not a bitmap: 100,000 records with random due times would not fit into a commit's metadata. A record's
// due time can be computed again, so the map says "what was due up to this instant is settled, except these few", and
// the few are what was in flight. Text form: done_map_text.h.
//
// A map may leave out what is settled (it comes twice then), but never says settled of a record that is not (it would
// be lost). It relies on one thing: a due time that is asked about follows from the record and the due rule alone, as
// did the one that the ledger was told. A due time that depends on the clock of the day (too far from now) must not
// be asked about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/ledger.h"
#include "core/record.h"
#include "core/time.h"

namespace laterd::core {

struct DoneMap {
    // Those at offsets from `from` up to the next entry's that are due at or after `at_least` went to the waiting
    // topic. WallTime::max(): none did.
    struct Far {
        Offset from;
        WallTime at_least;

        bool operator==(const Far&) const = default;
    };

    std::uint64_t rule = 0;    // hash of the due rule; the map of another rule means nothing
    Offset end = 0;            // offsets from the committed one up to this, exclusive, are described
    bool by_position = false;  // partition order: every one of them is settled, with the exceptions below
    WallTime until =
        WallTime::min();         // due order: those due before this are settled, with the exceptions below;
    Offset tie_end = 0;          // so are those due exactly then, if they lie below this offset
    std::vector<Offset> except;  // rising, below `end`: not settled whatever the rest says
    std::vector<Far> far;        // by rising `from`, below `end`; due order only

    bool operator==(const DoneMap&) const = default;

    // Is the record at this offset, which is due then, settled? Only for offsets from the committed one on.
    bool is_settled(Offset offset, WallTime due) const noexcept;
};

// What `ledger` has settled above its committable offset; nullopt when that is nothing, or nothing of it fits.
//
// `far`: from which offset on which records were far away, rising; only a hint: what of it is not settled is excepted.
// `room_chars`: of the whole commit note. When exceptions do not fit, `until` (in partition order: `end`) is the latest one
// whose exceptions do. Takes O(n) for n records above the committable offset, and nothing when they settled in order.
std::optional<DoneMap> make_done_map(const Ledger& ledger, std::uint64_t rule, bool by_position,
                                     std::span<const DoneMap::Far> far, std::size_t room_chars);

// What of an earlier owner's map still holds: nullopt when everything that it describes is below the committable offset.
// To be committed until the ledger has read to the map's end, for only then does it know as much.
std::optional<DoneMap> what_remains(const DoneMap& earlier, const Ledger& ledger);

}  // namespace laterd::core
