// The records of one partition that wait: consumed, not yet released.
//
// Three places, for three ways to wait:
//   copies  what is to be written to another topic whatever else waits: next, in the order of admission
//   line    in the order of the offsets: a record goes only after all earlier ones of the line
//   heap    by due time, whatever the offset
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/record.h"

namespace laterd::core {

class Hold {
  public:
    enum class Place : std::uint8_t { copies, line, heap };

    // To the line: offsets rise.
    void admit(RecordPtr record, Place place);

    // Takes back a record that was released, to be next among the copies, or to its place by offset or due time.
    void put_back(RecordPtr record, Place place);

    // The record that goes next; nullptr when nothing is held.
    const Record* next() const noexcept;

    // When it may go: WallTime::min() for a copy, the end of its lap for one that is read from a waiting topic and stands
    // in the line, else its due time. Not when empty.
    WallTime next_at() const noexcept;

    // Where it waits. Not when empty.
    Place next_place() const noexcept;

    // The record that goes next. Not when empty.
    RecordPtr take();

    void clear() noexcept;

    // Every `step`th record, in no order, with the number of those it stands for.
    template <typename Look>
    void for_some(std::size_t step, Look look) const {
        const auto sample = [&](const auto& place) {
            for (std::size_t i = 0; i < place.size(); i += step) {
                look(*place[i], std::min(step, place.size() - i));
            }
        };
        sample(copies_);
        sample(line_);
        sample(heap_);
    }

    std::size_t size() const noexcept { return copies_.size() + line_.size() + heap_.size(); }
    std::uint64_t bytes() const noexcept { return bytes_; }
    bool has_only_line() const noexcept { return copies_.empty() && heap_.empty(); }
    // When the first of the line may go; nullopt when nobody stands there.
    std::optional<WallTime> line_at() const noexcept {
        return line_.empty() ? std::nullopt : std::optional(key(*line_.front()));
    }

  private:
    static WallTime key(const Record& record) noexcept {
        return record.lap_end > WallTime{} ? record.lap_end : record.due;
    }

    std::deque<RecordPtr> copies_;
    std::deque<RecordPtr> line_;
    std::vector<RecordPtr> heap_;  // the earliest due, then the lowest offset, in front
    std::uint64_t bytes_ = 0;
};

}  // namespace laterd::core
