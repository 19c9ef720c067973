// What may be in flight together at a handler: between release and deliver, a record waits here until no earlier one of its
// sequence is on its way, and while it is tried again in place.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/record.h"
#include "core/time.h"

namespace laterd::core {

class Sequencer {
  public:
    // A record was released. Sequence 0 is free; of any other number one record goes at a time, in the order of admission.
    void admit(RecordPtr record);

    // The one that goes next, the oldest first; nullptr when none may. Its sequence is taken until `leave`.
    RecordPtr take();
    const Record* next() const noexcept { return ready_.empty() ? nullptr : ready_.begin()->second.get(); }

    // A record that was taken could not be attempted: it is the next of its sequence again, and goes before younger ones.
    void put_back(RecordPtr record);

    // A record that was taken is tried again in place: its sequence waits, others go on.
    void park(RecordPtr record, SteadyTime until);

    // Those whose time has come are ready. Returns when the next one's comes.
    std::optional<SteadyTime> unpark(SteadyTime now);

    // A record that was taken is not coming back: the next of its sequence may go.
    void leave(std::uint64_t sequence);

    // Takes out those that wait for their turn, not those that are tried again in place, and that `which` is true of. They
    // may be admitted again.
    std::vector<RecordPtr> recall(const std::function<bool(const Record&)>& which);

    void clear();

    std::size_t size() const noexcept { return size_; }

  private:
    void add_ready(RecordPtr record);

    // By the number of their release; a record's number stays when it comes back.
    std::map<std::uint64_t, RecordPtr> ready_;
    std::multimap<SteadyTime, RecordPtr> parked_;
    std::unordered_map<std::uint64_t, std::deque<RecordPtr>> followers_;  // of every taken sequence
    std::uint64_t releases_ = 0;
    std::size_t size_ = 0;  // ready, parked and followers
};

}  // namespace laterd::core
