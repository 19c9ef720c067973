#include "runtime/report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace laterd::runtime {

namespace {

using nlohmann::json;

constexpr std::array k_partition_states{"hot", "warm", "cold", "stopped"};
constexpr std::array k_duplicate_causes{"revoked", "lost", "restarted", "refused"};
constexpr std::array k_route_states{"running", "holding", "stopped", "draining"};

using Workers = std::vector<const core::Counters*>;

template <typename Get>
std::uint64_t sum(const Workers& workers, Get get) {
    std::uint64_t total = 0;
    for (const core::Counters* counters : workers) {
        total += get(*counters);
    }
    return total;
}

template <typename Get>
std::uint64_t largest(const Workers& workers, Get get) {
    std::uint64_t most = 0;
    for (const core::Counters* counters : workers) {
        most = std::max(most, get(*counters));
    }
    return most;
}

json by_reason(const Workers& workers, core::ByReason core::Counters::* counts) {
    json found = json::object();
    const auto add = [&](core::Reason reason, std::uint16_t code, auto get) {
        if (const std::uint64_t count = sum(workers, get); count > 0) {
            found[core::to_string(reason, code)] = count;
        }
    };
    for (std::size_t i = 0; i < core::k_reasons; ++i) {
        const auto reason = static_cast<core::Reason>(i);
        if (reason != core::Reason::http) {
            add(reason, 0, [&](const auto& c) { return (c.*counts).reason[i].get(); });
        }
    }
    for (std::size_t i = 0; i < core::ByReason::k_statuses; ++i) {
        add(core::Reason::http, static_cast<std::uint16_t>(i),
            [&](const auto& c) { return (c.*counts).status[i].get(); });
    }
    return found;
}

json lateness(const Workers& workers) {
    json buckets = json::object();
    std::uint64_t cumulated = 0;
    for (std::size_t i = 0; i < core::Lateness::k_buckets; ++i) {
        cumulated += sum(workers, [i](const auto& c) { return c.lateness.count(i); });
        const std::int64_t upper = core::Lateness::upper_ms(i);
        buckets[upper < 0 ? "+Inf" : json(static_cast<double>(upper) / 1000).dump()] = cumulated;
    }
    return {
        {"buckets", buckets},
        {"count", cumulated},
        {"sum", static_cast<double>(sum(workers, [](const auto& c) { return c.lateness.sum_ms(); })) / 1000},
        {"max",
         static_cast<double>(largest(workers, [](const auto& c) { return c.lateness.max_ms(); })) / 1000}};
}

// The earliest of the workers that have one.
double next_due(const Workers& workers) {
    std::uint64_t earliest = 0;
    for (const core::Counters* counters : workers) {
        const std::uint64_t due = counters->next_due_ms.get();
        if (due != 0 && (earliest == 0 || due < earliest)) {
            earliest = due;
        }
    }
    return static_cast<double>(earliest) / 1000;
}

json route_state(const Workers& workers) {
    // Gate: open, holding, probing; 3 stopped, 4 draining.
    const std::uint64_t worst = largest(workers, [](const auto& c) { return c.gate.get(); });
    const std::size_t state = worst == 0 ? 0 : worst <= 2 ? 1 : worst - 1;
    json states = json::object();
    for (std::size_t i = 0; i < k_route_states.size(); ++i) {
        states[k_route_states[i]] = i == state ? 1 : 0;
    }
    return states;
}

template <std::size_t N, std::size_t M>
json by_name(const Workers& workers, const std::array<const char*, N>& names,
             const std::array<core::Counter, M> core::Counters::* member) {
    json values = json::object();
    for (std::size_t i = 0; i < N; ++i) {
        values[names[i]] = sum(workers, [&](const auto& c) { return (c.*member)[i].get(); });
    }
    return values;
}

// By topic, in the order of the roles; those that are not known, or keep their records for ever, are left out.
json retention_margins(const std::array<std::string, 3>& topics, const Workers& workers) {
    json margins = json::object();
    for (std::size_t role = 0; role < topics.size(); ++role) {
        for (const core::Counters* counters : workers) {
            const std::optional<core::Milliseconds> margin = counters->retention_margin[role].get();
            if (!margin || topics[role].empty()) {
                continue;
            }
            const double seconds = static_cast<double>(margin->count()) / 1000;
            json& known = margins[topics[role]];
            known = known.is_null() ? seconds : std::min(known.get<double>(), seconds);
        }
    }
    return margins;
}

json route_json(const RouteCounters& route, const Workers& workers) {
    const std::string& topic = route.topic;
    const auto total = [&](const core::Counter core::Counters::* member) {
        return sum(workers, [member](const auto& c) { return (c.*member).get(); });
    };
    const auto seconds = [&](const core::Counter core::Counters::* member) {
        return static_cast<double>(largest(workers, [member](const auto& c) { return (c.*member).get(); })) /
               1000;
    };
    using C = core::Counters;
    return {
        {"workers", workers.size()},
        {"laterd_records_consumed_total", {{topic, total(&C::consumed)}}},
        {"laterd_records_released_total", total(&C::released)},
        {"laterd_deliveries_total",
         {{"delivered", total(&C::delivered)},
          {"retry", total(&C::failed)},
          {"rejected", total(&C::rejected)},
          {"not_attempted", total(&C::not_attempted)}}},
        {"laterd_retries_total", by_reason(workers, &core::Counters::retries)},
        {"laterd_dead_letters_total", by_reason(workers, &core::Counters::dead_letters)},
        {"laterd_records_lost_total", total(&C::lost)},
        {"laterd_duplicates_total", by_name(workers, k_duplicate_causes, &C::duplicates)},
        {"laterd_lateness_seconds", lateness(workers)},
        {"laterd_overdue_seconds", seconds(&C::overdue_ms)},
        {"laterd_next_due_timestamp_seconds", next_due(workers)},
        {"laterd_held_records", total(&C::held_records)},
        {"laterd_held_bytes", total(&C::held_bytes)},
        {"laterd_hold_full_seconds_total", static_cast<double>(total(&C::hold_full_ms)) / 1000},
        {"laterd_in_flight", total(&C::in_flight)},
        {"laterd_partitions", by_name(workers, k_partition_states, &C::partitions)},
        {"laterd_route_state", route_state(workers)},
        {"laterd_lag_records", {{topic, total(&C::lag)}}},
        {"laterd_retention_margin_seconds",
         retention_margins({topic, route.retry_topic, route.waiting_topic}, workers)},
        {"laterd_commit_age_seconds", seconds(&C::commit_age_ms)},
        {"laterd_rebalances_total", total(&C::rebalances)},
    };
}

}  // namespace

std::string report(std::span<const RouteCounters> routes, std::uint64_t log_dropped) {
    std::map<std::string, std::pair<const RouteCounters*, Workers>> by_route;
    std::uint64_t clock_steps_ms = 0;
    for (const RouteCounters& entry : routes) {
        auto& [described, workers] = by_route[entry.route];
        described = &entry;
        workers.push_back(entry.counters);
        clock_steps_ms = std::max(clock_steps_ms, entry.counters->clock_step_ms.get());
    }
    json all = json::object();
    for (const auto& [route, entry] : by_route) {
        all[route] = route_json(*entry.first, entry.second);
    }
    return json{{"event", "counters"},
                {"routes", all},
                {"laterd_log_dropped_total", log_dropped},
                {"laterd_clock_step_seconds_total", static_cast<double>(clock_steps_ms) / 1000}}
        .dump();
}

}  // namespace laterd::runtime
