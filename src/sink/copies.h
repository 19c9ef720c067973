// Writes the copies of a route: retry, waiting and dead-letter, each to its own topic, beside whatever sink the route
// has. One thread owns it; nothing here waits.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/pipeline.h"
#include "core/record.h"
#include "sink/lane.h"
#include "sink/sink_setup.h"

namespace laterd::sink {

class Copies {
  public:
    // Producers are made when the first copy needs them.
    explicit Copies(const SinkSetup& setup);

    // A record of any purpose but `deliver`, whose topic the route has. The outcome comes through serve, exactly once. The
    // form without the value is for dead letters: what is tried again keeps it.
    void deliver(core::RecordPtr record);

    // Moves the outcomes since the last call to the end of `outcomes`.
    void serve(std::vector<core::Outcome>& outcomes);

    // A topic was reported missing since the last call: blocking question for an errand, which makes the producers
    // notice when it comes (back). Empty when there is nothing to ask.
    std::function<void()> take_refresh();

  private:
    std::optional<Lane>& lane_for(core::Purpose purpose);

    std::optional<Lane> retry_;
    std::optional<Lane> wait_;
    std::optional<Lane> dead_letter_;
};

}  // namespace laterd::sink
