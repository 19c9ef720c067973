// The metrics of the process under the names of the reference: the one list that the Prometheus text and the counters' line
// of the log are made from.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "admin/state.h"

namespace laterd::admin {

// The workers of a route are added up; of ages the largest is taken, of instants the earliest.
std::vector<prometheus::MetricFamily> collect(const ProcessState& state);

// The Prometheus text format 0.0.4.
std::string prometheus_text(const ProcessState& state);

// One line of JSON: {"event": "counters", "routes": {ROUTE: {METRIC: value}}, METRIC: value}. A metric that has one label beside
// the route is a map from its values; a histogram has buckets, count and sum.
std::string report_line(const ProcessState& state);

}  // namespace laterd::admin
