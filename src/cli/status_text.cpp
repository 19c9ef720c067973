#include "cli/status_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

namespace laterd::cli {

namespace {

using json = nlohmann::ordered_json;

// More partitions than this are for a machine to read.
constexpr std::size_t k_partitions_shown = 20;
constexpr std::size_t k_errors_shown = 5;

std::string word(const json& value) {
    return value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump();
}

void show_partitions(const json& partitions, std::string& text) {
    auto to = std::back_inserter(text);
    fmt::format_to(to, "    {:<40} {:<8} {:>9} {:>9} {:>10}  {}\n", "partition", "state", "held", "in flight",
                   "lag", "next due");
    std::size_t shown = 0;
    for (const json& partition : partitions) {
        if (++shown > k_partitions_shown) {
            fmt::format_to(to, "    and {} more: --json has them all\n",
                           partitions.size() - k_partitions_shown);
            return;
        }
        const std::string name =
            partition.at("topic").get<std::string>() + "/" + partition.at("partition").dump();
        fmt::format_to(to, "    {:<40} {:<8} {:>9} {:>9} {:>10}  {}{}\n", name, word(partition.at("state")),
                       word(partition.at("held_records")), word(partition.at("in_flight")),
                       word(partition.at("lag_records")), word(partition.at("next_due")),
                       partition.contains("stopped_for") ? "  " + word(partition.at("stopped_for")) : "");
    }
}

void show_route(const json& route, std::string& text) {
    auto to = std::back_inserter(text);
    const json& lateness = route.at("lateness");
    fmt::format_to(to, "\n{}: {}", word(route.at("route")), word(route.at("state")));
    if (!route.at("holding_for").is_null()) {
        fmt::format_to(to, " ({})", word(route.at("holding_for")));
    }
    fmt::format_to(to, "\n  {} held, {} in flight, {} behind the end; next due {}, overdue {} s\n",
                   word(route.at("held_records")), word(route.at("in_flight")), word(route.at("lag_records")),
                   word(route.at("next_due")), word(route.at("overdue_seconds")));
    fmt::format_to(to, "  since the start: {} delivered, {} retries, {} dead letters, {} lost\n",
                   word(route.at("delivered")), word(route.at("retries")), word(route.at("dead_letters")),
                   word(route.at("lost")));
    fmt::format_to(to, "  lateness: half at most {} ms, 99 of 100 at most {} ms, the latest {} ms\n",
                   word(lateness.at("p50_ms")), word(lateness.at("p99_ms")), word(lateness.at("max_ms")));
    for (const json& worker : route.at("workers")) {
        if (worker.at("state") != "running" || worker.at("joined") != true) {
            fmt::format_to(to, "  worker {}: {}{}\n", word(worker.at("number")), word(worker.at("state")),
                           worker.at("joined") == true ? "" : ", not in its group yet");
        }
    }
    if (!route.at("partitions").empty()) {
        show_partitions(route.at("partitions"), text);
    }
}

void show_errors(const json& errors, std::string& text) {
    auto to = std::back_inserter(text);
    text += "\nlast warnings and errors:\n";
    std::size_t shown = 0;
    for (const json& line : errors) {
        if (++shown > k_errors_shown) {
            fmt::format_to(to, "  and {} more: --json has them\n", errors.size() - k_errors_shown);
            return;
        }
        fmt::format_to(to, "  {} {} {}", word(line.at("time")), word(line.at("level")),
                       word(line.at("event")));
        for (const auto& [name, value] : line.items()) {
            if (name != "time" && name != "level" && name != "event") {
                fmt::format_to(to, " {}={}", name, word(value));
            }
        }
        text += '\n';
    }
}

}  // namespace

std::optional<std::string> status_text(const std::string& json_text) {
    try {
        const json status = json::parse(json_text);
        std::string text =
            fmt::format("laterd {} (librdkafka {}), running since {}{}\n", word(status.at("version")),
                        word(status.at("librdkafka")), word(status.at("started")),
                        status.at("draining") == true ? ", draining" : "");
        if (status.at("last_reload_succeeded") == false) {
            text += "the last reload failed: the table before it is in use\n";
        }
        for (const json& route : status.at("routes")) {
            show_route(route, text);
        }
        if (!status.at("errors").empty()) {
            show_errors(status.at("errors"), text);
        }
        return text;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace laterd::cli
