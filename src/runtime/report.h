// The counters and gauges of all workers as one line of JSON, under the names of the metrics page.
#pragma once

#include <span>
#include <string>

#include "core/counters.h"
#include "core/reason.h"

namespace laterd::runtime {

struct RouteCounters {
    std::string route;
    std::string topic;  // the source topics as the table names them, joined by commas
    const core::Counters* counters;
    std::string retry_topic;    // empty: none
    std::string waiting_topic;  // empty: none
};

// `routes` may name a route more than once (its workers); they are added up.
std::string report(std::span<const RouteCounters> routes, std::uint64_t log_dropped);

}  // namespace laterd::runtime
