#include "admin/status.h"

#include <nlohmann/json.hpp>

#include <memory>

#include "cli/status_text.h"
#include "support/catch.hpp"
#include "unit/admin/state.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;
using tests::Process;

namespace {

admin::PartitionEntry waiting_partition() {
    return {.topic = "orders",
            .partition = 3,
            .role = core::Role::source,
            .view = {.slot = 0,
                     .state = core::PartitionState::warm,
                     .has_begun = true,
                     .committable = 41,
                     .held = 7,
                     .held_bytes = 900,
                     .in_flight = 1,
                     .next_due = Process::k_now + 90s},
            .lag = 12};
}

void show(Process& process, admin::WorkerView view) {
    process.state.workers[0].view = std::make_shared<admin::WorkerView>(std::move(view));
}

}  // namespace

TEST_CASE("the status tells what every partition is doing", "[admin]") {
    Process process;
    core::DueHistogram due;
    due.add(90s, 7);
    show(process, {.at = Process::k_now, .partitions = {waiting_partition()}, .due = due});
    const auto status = nlohmann::json::parse(admin::status_json(process.state, {}));
    CHECK(status.at("version") == "1.2.3");
    CHECK(status.at("now") == "2023-11-14T22:13:20.000Z");
    CHECK(status.at("started") == "2023-11-14T22:11:50.000Z");
    REQUIRE(status.at("routes").size() == 2);
    const auto& route = status.at("routes")[0];
    CHECK(route.at("route") == "orders-15m");
    CHECK(route.at("state") == "running");
    CHECK(route.at("holding_for").is_null());
    CHECK(route.at("workers").size() == 2);
    CHECK(route.at("due")[1] == nlohmann::json({{"before_seconds", 300}, {"records", 7}}));
    CHECK(route.at("due").back().at("before_seconds").is_null());
    const nlohmann::json expected = {
        {"topic", "orders"},
        {"partition", 3},
        {"role", "source"},
        {"worker", 1},
        {"state", "warm"},
        {"held_records", 7},
        {"held_bytes", 900},
        {"in_flight", 1},
        {"lag_records", 12},
        {"settled_up_to", 41},
        {"next_due", "2023-11-14T22:14:50.000Z"},
    };
    CHECK(route.at("partitions")[0] == expected);
    CHECK(status.at("routes")[1].at("retry_topic") == "payments.retry");
    CHECK(status.at("routes")[1].at("waiting_topic").is_null());
}

TEST_CASE("the status names what stopped, what holds and what waits for a copy", "[admin]") {
    Process process;
    admin::PartitionEntry stopped = waiting_partition();
    stopped.view.state = core::PartitionState::stopped;
    stopped.view.stop_reason = core::Reason::due_missing;
    stopped.view.next_due = core::WallTime{};
    stopped.view.retry_in = 1'500ms;
    stopped.lag.reset();
    show(process, {.at = Process::k_now,
                   .partitions = {stopped},
                   .due = {},
                   .is_holding = true,
                   .holding_for = core::Reason::handler_down});
    const auto status = nlohmann::json::parse(admin::status_json(process.state, {}));
    const auto& route = status.at("routes")[0];
    CHECK(route.at("holding_for") == "handler-down");
    CHECK(route.at("partitions")[0].at("stopped_for") == "due-missing");
    CHECK(route.at("partitions")[0].at("next_due") == "now");
    CHECK(route.at("partitions")[0].at("copy_retried_in_seconds") == 1.5);
    CHECK(route.at("partitions")[0].at("lag_records").is_null());
}

TEST_CASE("the status repeats the last warnings and errors, whatever bytes they have", "[admin]") {
    const Process process;
    const std::vector<log::RecentLine> lines{{.unix_ms = 1'700'000'000'123,
                                              .level = log::Level::error,
                                              .event = "kafka client",
                                              .fields = {{.name = "error", .value = std::string("\xff<b>")},
                                                         {.name = "worker", .value = std::int64_t{2}}}}};
    const auto status = nlohmann::json::parse(admin::status_json(process.state, lines));
    const auto& line = status.at("errors")[0];
    CHECK(line.at("time") == "2023-11-14T22:13:20.123Z");
    CHECK(line.at("level") == "error");
    CHECK(line.at("error") == "\xEF\xBF\xBD<b>");
    CHECK(line.at("worker") == 2);
}

TEST_CASE("the log keeps the last warnings and errors, the newest first", "[admin]") {
    log::start(log::Level::error, log::Format::text);
    for (int i = 0; i < 60; ++i) {
        log::warn("kept", {{"number", i}});
    }
    log::info("not kept");
    const std::vector<log::RecentLine> lines = log::recent();
    log::stop();
    REQUIRE(lines.size() == log::k_recent_lines);
    CHECK(lines.front().event == "kept");
    CHECK(std::get<std::int64_t>(lines.front().fields.front().value) == 59);
    CHECK(std::get<std::int64_t>(lines.back().fields.front().value) == 10);
}

TEST_CASE("the status as text is for people", "[admin]") {
    Process process;
    show(process, {.at = Process::k_now, .partitions = {waiting_partition()}, .due = {}});
    process.state.workers[2].has_joined = false;
    process.state.reload_success = false;
    const auto text = cli::status_text(admin::status_json(process.state, {}));
    REQUIRE(text.has_value());
    CHECK_THAT(*text, Contains("laterd 1.2.3 (librdkafka 2.0.2), running since 2023-11-14T22:11:50.000Z"));
    CHECK_THAT(*text, Contains("\norders-15m: running\n"));
    CHECK_THAT(*text, Contains("orders/3"));
    CHECK_THAT(*text, Contains("worker 1: running, not in its group yet"));
    CHECK_THAT(*text, Contains("the last reload failed"));
    CHECK_FALSE(cli::status_text("<html>").has_value());
    CHECK_FALSE(cli::status_text("{}").has_value());
}
