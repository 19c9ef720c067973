// A wall clock for one program under test, which the test steps at will. The machine's clock stays as it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/temp_folder.h"

namespace laterd::support {

struct ClockPage;

class SteppedClock {
  public:
    // Ahead of the machine's clock by `offset` (behind it when negative). Throws std::system_error.
    explicit SteppedClock(std::chrono::milliseconds offset = {});
    ~SteppedClock();
    SteppedClock(const SteppedClock&) = delete;
    SteppedClock& operator=(const SteppedClock&) = delete;

    // What the program needs in its environment: the shim that LATERD_WALL_CLOCK_SHIM names, and where its page is.
    // Throws std::runtime_error when the variable is not set.
    std::vector<std::pair<std::string, std::string>> environment() const;

    // As if somebody had set the program's clock, now.
    void set_offset(std::chrono::milliseconds offset);

    std::int64_t now_ms() const;  // what it shows

    // The latest time it had shown when the machine's clock was `machine_ms`: what fell due later was not due yet.
    std::int64_t latest_until(std::int64_t machine_ms) const;

  private:
    // A time between two steps; both ends by the machine's clock.
    struct Stretch {
        std::int64_t from_ms;
        std::int64_t to_ms;
        std::int64_t offset_ms;
    };

    TempFolder folder_;
    ClockPage* page_ = nullptr;
    std::vector<Stretch> stretches_;
};

}  // namespace laterd::support
