#include "runtime/reload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

#include "config/finding.h"
#include "config/path.h"
#include "kafka/source_pattern.h"
#include "log/log.h"
#include "loop/clock.h"

namespace laterd::runtime {

namespace {

using Kind = config::RouteDifference::Kind;

std::size_t count(const config::Difference& difference, Kind kind) {
    return static_cast<std::size_t>(std::count_if(difference.routes.begin(), difference.routes.end(),
                                                  [&](const auto& route) { return route.kind == kind; }));
}

std::size_t enabled_routes(const config::RoutingTable& table) {
    return static_cast<std::size_t>(std::count_if(table.routes.begin(), table.routes.end(),
                                                  [](const auto& route) { return route.enabled; }));
}

std::string_view event_of(Kind kind) {
    switch (kind) {
        case Kind::added:
            return "route added";
        case Kind::removed:
            return "route removed";
        case Kind::changed:
            return "route changed";
    }
    return "route changed";
}

// An errand may not throw; whatever goes wrong while a table is read, the old one goes on.
config::Loaded load(const Reload::Setup& setup) noexcept {
    try {
        return setup.load();
    } catch (const std::exception& error) {
        config::Loaded loaded;
        loaded.findings.push_back({.text = error.what()});
        return loaded;
    }
}

void tell(const std::string& file, const config::Finding& finding) {
    const bool is_error = finding.severity == config::Severity::error;
    log::write(is_error ? log::Level::error : log::Level::warn,
               is_error ? "routing table wrong" : "routing table doubtful",
               {{"finding", config::describe(file, finding)}});
}

void tell(const config::Difference& difference) {
    for (const config::RouteDifference& route : difference.routes) {
        log::info(event_of(route.kind),
                  {{"route", route.route}, {"keys", fmt::format("{}", fmt::join(route.keys, ", "))}});
    }
    if (!difference.at_once.empty()) {
        log::info("setting changed", {{"keys", fmt::format("{}", fmt::join(difference.at_once, ", "))}});
    }
    if (!difference.needs_restart.empty()) {
        log::warn("restart needed",
                  {{"keys", fmt::format("{}", fmt::join(difference.needs_restart, ", "))},
                   {"hint", "a reload does not change these; the old values stay in force"}});
    }
}

}  // namespace

Reload::Reload(Setup setup, Supervisor::Table table, Supervisor& supervisor)
    : setup_(std::move(setup)), table_(std::move(table)), supervisor_(supervisor) {}

void Reload::request() {
    if (has_given_up_) {
        log::warn("reload ignored", {{"hint", "laterd is about to end"}});
        return;
    }
    if (is_reading_) {
        is_asked_again_ = true;
        return;
    }
    if (!is_under_way() && setup_.on_begin) {
        setup_.on_begin();
    }
    began_at_ = loop::read_clocks().steady;
    read();
}

void Reload::read() {
    is_reading_ = true;
    log::info("reloading", {{"file", setup_.file}});
    errands_.run([this]() -> loop::Errands::Then {
        // Shared: an errand's result is copied about, and a table is large.
        const auto loaded = std::make_shared<const config::Loaded>(load(setup_));
        return [this, loaded] { judge(*loaded); };
    });
}

void Reload::judge(const config::Loaded& loaded) {
    is_reading_ = false;
    if (has_given_up_) {
        return;
    }
    if (std::exchange(is_asked_again_, false)) {
        // The file has changed since, or somebody thinks so: what was read is old.
        read();
        return;
    }
    for (const config::Finding& finding : loaded.findings) {
        tell(setup_.file, finding);
    }
    if (!loaded.table) {
        refuse();
        return;
    }
    const config::Difference difference = config::difference(*table_, *loaded.table, kafka::reads_else);
    if (const auto problem = supervisor_.refuses(*loaded.table, difference)) {
        const config::Path path = config::Path() / "limits" / "memory";
        tell(setup_.file, {.place = loaded.places.of(path), .path = path.str(), .text = *problem});
        refuse();
        return;
    }
    apply(*loaded.table, difference);
}

void Reload::refuse() {
    succeeded_ = false;
    log::error("reload refused",
               {{"file", setup_.file}, {"hint", "nothing has changed; mend the table and reload again"}});
    end();
}

void Reload::apply(const config::RoutingTable& read, const config::Difference& difference) {
    succeeded_ = true;
    is_applying_ = true;
    table_ = std::make_shared<const config::RoutingTable>(config::keep_until_restart(*table_, read));
    log::start(static_cast<log::Level>(table_->log_level), static_cast<log::Format>(table_->log_format));
    tell(difference);
    applied_ = difference;
    supervisor_.apply(table_, difference);
}

void Reload::look_after(const core::Now& now) {
    if (!is_applying_ || has_given_up_ || !supervisor_.is_settled()) {
        return;
    }
    is_applying_ = false;
    const std::size_t added = count(applied_, Kind::added);
    const std::size_t changed = count(applied_, Kind::changed);
    const auto took = std::chrono::floor<std::chrono::milliseconds>(now.steady - began_at_);
    log::info("reloaded", {{"added", added},
                           {"removed", count(applied_, Kind::removed)},
                           {"changed", changed},
                           {"unchanged", enabled_routes(*table_) - added - changed},
                           {"took_ms", took.count()}});
    end();
}

void Reload::end() {
    if (!is_under_way() && setup_.on_end) {
        setup_.on_end();
    }
}

void Reload::give_up() {
    if (!std::exchange(has_given_up_, true) && is_under_way()) {
        log::warn("reload given up", {{"hint", "laterd is about to end"}});
    }
}

}  // namespace laterd::runtime
