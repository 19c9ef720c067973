// The records of one partition that wait: consumed, not yet released.
#pragma once

#include <cstdint>
#include <deque>

#include "core/record.h"

namespace laterd::core {

// In partition order: a record is released only after all earlier ones.
class Hold {
  public:
    // Offsets rise.
    void admit(RecordPtr record);

    // Takes back a record that was released and not attempted; it goes to its place by offset.
    void put_back(RecordPtr record);

    // The record that is released next; nullptr when nothing is held.
    const Record* next() const noexcept { return records_.empty() ? nullptr : records_.front().get(); }

    // The record that was read last; nullptr when nothing is held.
    const Record* last() const noexcept { return records_.empty() ? nullptr : records_.back().get(); }

    // Not when empty.
    RecordPtr take();

    void clear() noexcept;

    std::size_t size() const noexcept { return records_.size(); }
    std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    std::deque<RecordPtr> records_;
    std::uint64_t bytes_ = 0;
};

}  // namespace laterd::core
