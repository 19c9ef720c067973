// Writes the copies of a route: retry, waiting and dead-letter, each to its own topic, beside whatever sink the route
// has. One thread owns it; nothing here waits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"
#include "core/pipeline.h"
#include "core/record.h"
#include "loop/poller.h"
#include "sink/lane.h"

namespace laterd::sink {

class Copies {
  public:
    struct Setup {
        const config::RoutingTable& table;
        const config::Route& route;
        std::string name;           // for client.id
        std::uint64_t queue_bytes;  // of the budget, for the unsent records of each producer
        loop::Poller& poller;       // outlives the copies
        OnTrouble on_trouble;       // fatal: no more copies can be written
    };

    // Producers are made when the first copy needs them.
    explicit Copies(const Setup& setup);

    // A record of any purpose but `deliver`, whose topic the route has. The outcome comes through serve, exactly once. The
    // form without the value is for dead letters: what is tried again keeps it.
    void deliver(core::RecordPtr record);

    // Moves the outcomes since the last call to the end of `outcomes`.
    void serve(std::vector<core::Outcome>& outcomes);

    // A topic was reported missing since the last call: blocking question for an errand, which makes the producers
    // notice when it comes (back). Empty when there is nothing to ask.
    std::function<void()> take_refresh();

    bool is_dead() const noexcept;

  private:
    std::optional<Lane>& lane_for(core::Purpose purpose);

    std::optional<Lane> retry_;
    std::optional<Lane> wait_;
    std::optional<Lane> dead_letter_;
};

}  // namespace laterd::sink
