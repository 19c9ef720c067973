#include "admin/status.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "admin/route.h"

namespace laterd::admin {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json instant(core::WallTime time) {
    return log::format_time(time.time_since_epoch().count());
}

// "now": as soon as it can, which is no instant.
ordered_json due_instant(std::optional<core::WallTime> due) {
    if (!due) {
        return nullptr;
    }
    return *due <= core::WallTime{} ? ordered_json("now") : instant(*due);
}

double seconds(core::Milliseconds duration) {
    return static_cast<double>(duration.count()) / 1'000;
}

const char* role_name(core::Role role) noexcept {
    switch (role) {
        case core::Role::retry:
            return "retry";
        case core::Role::waiting:
            return "waiting";
        case core::Role::source:
            break;
    }
    return "source";
}

ordered_json partition_json(const PartitionEntry& entry, int worker) {
    const core::PartitionView& view = entry.view;
    ordered_json partition = {
        {"topic", entry.topic},
        {"partition", entry.partition},
        {"role", role_name(entry.role)},
        {"worker", worker},
        {"state", core::to_string(view.state)},
        {"held_records", view.held},
        {"held_bytes", view.held_bytes},
        {"in_flight", view.in_flight},
        {"next_due", due_instant(view.next_due)},
        {"settled_up_to", view.has_begun ? ordered_json(view.committable) : ordered_json(nullptr)},
        {"lag_records", entry.lag ? ordered_json(*entry.lag) : ordered_json(nullptr)},
    };
    if (view.state == core::PartitionState::stopped && view.stop_reason != core::Reason::none) {
        partition["stopped_for"] = core::to_string(view.stop_reason);
    }
    if (view.retry_in) {
        partition["copy_retried_in_seconds"] = seconds(*view.retry_in);
    }
    return partition;
}

ordered_json worker_json(const WorkerState& worker) {
    return {
        {"number", worker.number},
        {"joined", worker.has_joined},
        {"state", !worker.last_turn   ? "restarting"
                  : worker.is_stuck() ? "stuck"
                                      : "running"},
        {"last_turn_seconds", worker.last_turn ? ordered_json(seconds(*worker.last_turn)) : nullptr},
    };
}

ordered_json lateness_json(const Workers& workers) {
    core::Durations all;
    for (const WorkerState* worker : workers) {
        all.add(worker->counters->lateness);
    }
    return {{"records", all.total()},
            {"p50_ms", all.quantile_ms(0.5)},
            {"p99_ms", all.quantile_ms(0.99)},
            {"max_ms", all.max_ms()}};
}

ordered_json histogram_json(const core::DueHistogram& due) {
    ordered_json bars = ordered_json::array();
    for (std::size_t bar = 0; bar < core::DueHistogram::k_bars; ++bar) {
        const auto end = core::DueHistogram::end(bar);
        bars.push_back({{"before_seconds", end ? ordered_json(end->count() / 1'000) : ordered_json(nullptr)},
                        {"records", due.count(bar)}});
    }
    return bars;
}

std::uint64_t all_reasons(const core::ByReason& counts) {
    std::uint64_t total = 0;
    for (const core::Counter& counter : counts.reason) {
        total += counter.get();
    }
    return total;
}

// What the workers' counters say, added up.
void add_counts(const Workers& workers, ordered_json& route) {
    using C = core::Counters;
    route["next_due"] = due_instant(next_due(workers));
    route["overdue_seconds"] =
        static_cast<double>(largest(workers, [](const C& c) { return c.overdue_ms.get(); })) / 1'000;
    route["held_records"] = sum(workers, [](const C& c) { return c.held_records.get(); });
    route["held_bytes"] = sum(workers, [](const C& c) { return c.held_bytes.get(); });
    route["in_flight"] = sum(workers, [](const C& c) { return c.in_flight.get(); });
    route["lag_records"] = sum(workers, [](const C& c) { return c.topics.lag(); });
    route["consumed"] = sum(workers, [](const C& c) { return c.consumed.get(); });
    route["released"] = sum(workers, [](const C& c) { return c.released.get(); });
    route["delivered"] = sum(workers, [](const C& c) { return c.delivered.get(); });
    route["retries"] = sum(workers, [](const C& c) { return all_reasons(c.retries); });
    route["dead_letters"] = sum(workers, [](const C& c) { return all_reasons(c.dead_letters); });
    route["lost"] = sum(workers, [](const C& c) { return c.lost.get(); });
}

ordered_json optional_text(const std::string& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json route_json(const Route& route) {
    const WorkerState& any = *route.workers.front();
    ordered_json shown = {
        {"route", route.name},
        {"state", route_state(route.workers)},
        {"holding_for", nullptr},
        {"sources", any.sources},
        {"retry_topic", optional_text(any.retry_topic)},
        {"waiting_topic", optional_text(any.waiting_topic)},
    };
    add_counts(route.workers, shown);
    shown["lateness"] = lateness_json(route.workers);
    core::DueHistogram due;
    ordered_json workers = ordered_json::array();
    ordered_json partitions = ordered_json::array();
    for (const WorkerState* worker : route.workers) {
        workers.push_back(worker_json(*worker));
        if (!worker->view) {
            continue;
        }
        due.add(worker->view->due);
        if (worker->view->is_holding) {
            shown["holding_for"] = core::to_string(worker->view->holding_for);
        }
        for (const PartitionEntry& entry : worker->view->partitions) {
            partitions.push_back(partition_json(entry, worker->number));
        }
    }
    shown["due"] = histogram_json(due);
    shown["workers"] = std::move(workers);
    shown["partitions"] = std::move(partitions);
    return shown;
}

ordered_json line_json(const log::RecentLine& line) {
    ordered_json shown = {{"time", log::format_time(line.unix_ms)},
                          {"level", log::to_string(line.level)},
                          {"event", line.event}};
    for (const log::RecentLine::Named& field : line.fields) {
        std::visit([&](const auto& value) { shown[field.name] = value; }, field.value);
    }
    return shown;
}

}  // namespace

std::string status_json(const ProcessState& state, std::span<const log::RecentLine> lines) {
    ordered_json routes = ordered_json::array();
    for (const Route& route : routes_of(state)) {
        routes.push_back(route_json(route));
    }
    ordered_json errors = ordered_json::array();
    for (const log::RecentLine& line : lines) {
        errors.push_back(line_json(line));
    }
    const ordered_json all = {
        {"version", state.version},      {"librdkafka", state.librdkafka},
        {"now", instant(state.now)},     {"started", instant(state.started)},
        {"draining", state.is_draining}, {"last_reload_succeeded", state.reload_success},
        {"routes", std::move(routes)},   {"errors", std::move(errors)},
    };
    // Broker texts may hold any bytes.
    return all.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace laterd::admin
