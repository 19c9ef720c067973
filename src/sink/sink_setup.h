// What everything that writes for a route is made from.
#pragma once

#include <cstdint>
#include <string>

#include "config/routing_table.h"
#include "core/handler_times.h"
#include "loop/poller.h"
#include "sink/lane.h"

namespace laterd::sink {

struct SinkSetup {
    const config::RoutingTable& table;
    const config::Route& route;
    std::string name;                   // for client.id
    std::uint64_t queue_bytes;          // of the budget, for the unsent records of each producer
    loop::Poller& poller;               // outlives what is made
    core::HandlerTimes& handler_times;  // outlives what is made
    OnTrouble on_trouble;               // fatal: what is made is dead
};

}  // namespace laterd::sink
