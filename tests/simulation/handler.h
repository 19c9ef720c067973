// The program that the records are handed to: what it answers, and what happens to it. It lives longer than the daemons.
#pragma once

#include <cstdint>
#include <optional>

#include "core/pipeline.h"
#include "simulation/random.h"
#include "simulation/record_spec.h"
#include "simulation/scenario.h"

namespace laterd::simulation {

class Handler {
  public:
    Handler(const Scenario& scenario, Random& random) : scenario_(scenario), random_(random) {}

    // An Outcome without its record, and how long it takes until it is known at the handler.
    struct Answer {
        core::Outcome::Result result = core::Outcome::Result::delivered;
        core::Reason reason = core::Reason::none;
        std::uint16_t code = 0;
        std::optional<core::Milliseconds> retry_after{};
        Nanoseconds takes{};
    };

    // One call, made now.
    Answer call(const RecordSpec& record);

    // How often it has gone down: calls from before then were cut.
    std::uint64_t life() const noexcept { return life_; }

    // --- what happens to it ---

    void goes_down();
    void comes_back() noexcept { is_down_ = false; }
    void is_slow(bool yes) noexcept { slow_ = yes; }
    void is_failing(bool yes) noexcept { failing_ = yes; }
    void is_gone(bool yes) noexcept { gone_ = yes; }
    void has_moved(bool yes) noexcept { moved_ = yes; }

    // From now on it does what it is asked, but for what it never wants.
    void mend() noexcept;

  private:
    Answer failure();

    const Scenario& scenario_;
    Random& random_;
    std::uint64_t life_ = 1;
    bool is_down_ = false;
    bool slow_ = false;
    bool failing_ = false;
    bool gone_ = false;
    bool moved_ = false;
    bool mended_ = false;
};

}  // namespace laterd::simulation
