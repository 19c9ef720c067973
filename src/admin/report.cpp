#include <nlohmann/json.hpp>

#include <cmath>

#include "admin/metrics.h"

namespace laterd::admin {

namespace {

using nlohmann::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Counts stay whole numbers.
json number(double value) {
    constexpr double k_exact = 9e15;
    if (std::nearbyint(value) == value && std::abs(value) < k_exact) {
        return static_cast<std::int64_t>(value);
    }
    return value;
}

json value_of(const MetricFamily& family, const ClientMetric& metric) {
    switch (family.type) {
        case MetricType::Counter:
            return number(metric.counter.value);
        case MetricType::Histogram:
            break;
        default:
            return number(metric.gauge.value);
    }
    json buckets = json::object();
    for (const ClientMetric::Bucket& bucket : metric.histogram.bucket) {
        buckets[json(bucket.upper_bound).dump()] = bucket.cumulative_count;
    }
    buckets["+Inf"] = metric.histogram.sample_count;
    return {
        {"buckets", buckets}, {"count", metric.histogram.sample_count}, {"sum", metric.histogram.sample_sum}};
}

bool is_of_a_route(const ClientMetric& metric) {
    return !metric.label.empty() && metric.label.front().name == "route";
}

}  // namespace

std::string report_line(const ProcessState& state) {
    json all = {{"event", "counters"}, {"routes", json::object()}};
    json& routes = all["routes"];
    for (const WorkerState& worker : state.workers) {
        routes[worker.route] = json::object();
    }
    for (const MetricFamily& family : collect(state)) {
        if (!family.metric.empty() && !is_of_a_route(family.metric.front())) {
            all[family.name] = value_of(family, family.metric.front());
            continue;
        }
        for (json& route : routes) {
            route[family.name] = json::object();
        }
        for (const ClientMetric& metric : family.metric) {
            json& value = routes[metric.label.front().value][family.name];
            if (metric.label.size() == 1) {
                value = value_of(family, metric);
            } else {
                value[metric.label.back().value] = value_of(family, metric);
            }
        }
    }
    return all.dump();
}

}  // namespace laterd::admin
