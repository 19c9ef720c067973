// One partition's log as a broker keeps it: offsets that are never given twice, a start that moves, entries that no
// reader ever sees.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/record.h"

namespace laterd::model {

using core::Offset;

class Log {
  public:
    struct Entry {
        Offset offset = 0;
        std::uint64_t id = 0;  // what the record is, in its writer's numbering
        std::uint32_t bytes = 0;
        bool control = false;
    };

    struct Fetched {
        bool out_of_range = false;
        std::vector<Entry> entries;  // without control records
        Offset position = 0;         // where to read on; behind control records, too
        bool at_end = false;
    };

    Offset append(std::uint64_t id, std::uint32_t bytes);

    // The marker at the end of a transaction: takes an offset and is never handed to a reader.
    Offset append_control();

    // DeleteRecords, and retention. False when `before` lies above the end; below the start nothing changes.
    bool delete_before(Offset before);

    // The log's start, and the next offset to be written.
    Offset low() const noexcept { return low_; }
    Offset high() const noexcept { return low_ + static_cast<Offset>(entries_.size() - gone_); }

    // At least one record when there is one, whatever the limits.
    Fetched fetch(Offset from, std::size_t records_max, std::uint64_t bytes_max) const;

  private:
    std::size_t place(Offset offset) const noexcept {
        return gone_ + static_cast<std::size_t>(offset - low_);
    }

    std::vector<Entry> entries_;
    std::size_t gone_ = 0;  // entries at the front that are deleted
    Offset low_ = 0;
};

}  // namespace laterd::model
