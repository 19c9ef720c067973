// Watches open partitions whose queue is empty although the broker has more, and says when to kick the connection.
//
// After a resume, an assignment or a full queue librdkafka may sleep for up to a second (measured, 2.0.2 to 2.15); any
// request on that connection wakes it. This is the one place that knows.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "core/record.h"
#include "core/time.h"

namespace laterd::runtime {

class FetchWatch {
  public:
    // Nothing has come from this partition yet although something should.
    void expect(core::Slot slot, core::SteadyTime now);

    // Records or the end of the partition have come.
    void heard(core::Slot slot) noexcept;

    // The assignment is gone.
    void clear() noexcept;

    // The partition to kick now, if any: at most one kick is under way.
    std::optional<core::Slot> next_kick(core::SteadyTime now) noexcept;
    void kicked(core::Slot slot, core::SteadyTime now) noexcept;

    // When to ask again; nullopt when nothing is expected.
    std::optional<core::SteadyTime> wake_at() const noexcept;

  private:
    // Most answers come by themselves within this.
    static constexpr std::chrono::milliseconds k_patience{10};
    // A partition that does not answer to a kick is kicked again after this.
    static constexpr std::chrono::milliseconds k_again{100};

    struct Expected {
        core::Slot slot;
        core::SteadyTime kick_at;
    };
    std::vector<Expected> expected_;
    std::vector<bool> is_expected_;  // by slot
    bool under_way_ = false;
};

}  // namespace laterd::runtime
