// How long a handler's calls took, by how they ended: the HTTP status, or the word of a reason (timeout, closed, garbage).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/durations.h"
#include "core/reason.h"

namespace laterd::core {

// One writer, any reader. A histogram is made when a call first ends that way.
class HandlerTimes {
  public:
    static constexpr std::uint16_t k_statuses = 600;

    HandlerTimes() = default;
    ~HandlerTimes();
    HandlerTimes(const HandlerTimes&) = delete;
    HandlerTimes& operator=(const HandlerTimes&) = delete;

    // `status`: 0 when there was none; then `reason` says how it ended. Statuses that are no HTTP (600 and above) are
    // not counted.
    void observe(Reason reason, std::uint16_t status, std::chrono::microseconds took);

    struct Entry {
        std::string code;
        const Durations* durations;
    };
    std::vector<Entry> all() const;

  private:
    using Slot = std::atomic<Durations*>;

    std::array<Slot, k_statuses> by_status_{};
    std::array<Slot, k_reasons> by_reason_{};
};

}  // namespace laterd::core
