// The metrics by name, label and value; the names are those of the interface.
#include "admin/metrics.h"

#include <nlohmann/json.hpp>

#include <array>
#include <string>

#include "support/catch.hpp"
#include "unit/admin/state.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;
using core::Reason;

namespace {

void count(core::ByReason& counts, Reason reason, std::uint16_t status = 0) {
    counts.reason[static_cast<std::size_t>(reason)].add();
    if (status > 0) {
        counts.status[status].add();
    }
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("every metric of the interface is there, with its labels", "[admin]") {
    tests::Process process;
    process.orders_1->topics.of("orders").consumed.add(10);
    process.orders_2->topics.of("orders").consumed.add(5);
    process.orders_1->topics.of("orders").lag.set(2);
    process.orders_1->released.add(9);
    process.orders_1->delivered.add(8);
    count(process.payments->retries, Reason::http, 503);
    count(process.payments->retries, Reason::timeout);
    count(process.payments->dead_letters, Reason::due_too_far);
    process.payments->duplicates[1].add(4);
    process.payments->lost.add(6);
    process.payments->lateness.observe(3ms);
    process.payments->handler_times.observe(Reason::http, 200, 1'500us);
    process.orders_2->overdue_ms.set(1'500);
    process.orders_1->next_due_ms.set(1'700'000'600'000);
    process.orders_2->next_due_ms.set(1'700'000'100'500);
    process.orders_1->held_records.set(3);
    process.orders_2->held_records.set(4);
    process.orders_1->held_bytes.set(3'000);
    process.orders_1->hold_full_ms.set(2'500);
    process.orders_1->in_flight.set(1);
    process.orders_1->partitions[2].set(7);
    process.orders_1->commit_age_ms.set(250);
    process.orders_1->rebalances.add(2);
    process.orders_2->clock_step_ms.set(30'000);
    process.payments->retention_margin[1].set(-5s);
    process.state.log_dropped = 11;
    const std::string text = admin::prometheus_text(process.state);
    for (const char* line : {
             "laterd_records_consumed_total{route=\"orders-15m\",topic=\"orders\"} 15",
             "laterd_records_released_total{route=\"orders-15m\"} 9",
             "laterd_deliveries_total{route=\"orders-15m\",outcome=\"delivered\"} 8",
             "laterd_deliveries_total{route=\"payments\",outcome=\"not_attempted\"} 0",
             "laterd_retries_total{route=\"payments\",reason=\"http-503\"} 1",
             "laterd_retries_total{route=\"payments\",reason=\"timeout\"} 1",
             "laterd_dead_letters_total{route=\"payments\",reason=\"due-too-far\"} 1",
             "laterd_records_lost_total{route=\"payments\"} 6",
             "laterd_duplicates_total{route=\"payments\",cause=\"lost\"} 4",
             "laterd_lateness_seconds_bucket{route=\"payments\",le=\"0.004\"} 1",
             "laterd_lateness_seconds_bucket{route=\"payments\",le=\"+Inf\"} 1",
             "laterd_lateness_seconds_count{route=\"orders-15m\"} 0",
             "laterd_handler_seconds_bucket{route=\"payments\",code=\"200\",le=\"0.002\"} 1",
             "laterd_handler_seconds_sum{route=\"payments\",code=\"200\"} 0.0015",
             "laterd_overdue_seconds{route=\"orders-15m\"} 1.5",
             "laterd_next_due_timestamp_seconds{route=\"orders-15m\"} 1700000100.5",
             "laterd_held_records{route=\"orders-15m\"} 7",
             "laterd_held_bytes{route=\"orders-15m\"} 3000",
             "laterd_hold_full_seconds_total{route=\"orders-15m\"} 2.5",
             "laterd_in_flight{route=\"orders-15m\"} 1",
             "laterd_partitions{route=\"orders-15m\",state=\"cold\"} 7",
             "laterd_route_state{route=\"orders-15m\",state=\"running\"} 1",
             "laterd_route_state{route=\"orders-15m\",state=\"stopped\"} 0",
             "laterd_retention_margin_seconds{route=\"payments\",topic=\"payments.retry\"} -5",
             "laterd_lag_records{route=\"orders-15m\",topic=\"orders\"} 2",
             "laterd_commit_age_seconds{route=\"orders-15m\"} 0.25",
             "laterd_rebalances_total{route=\"orders-15m\"} 2",
             "laterd_workers{route=\"orders-15m\"} 2",
             "laterd_config_reload_success 1",
             "laterd_clock_step_seconds_total 30",
             "laterd_log_dropped_total 11",
             "laterd_build_info{version=\"1.2.3\",librdkafka=\"2.0.2\"} 1",
         }) {
        INFO(line);
        CHECK(has_line(text, line));
    }
}

TEST_CASE("a route's state is that of the worker that is worst off", "[admin]") {
    tests::Process process;
    const auto state = [&] {
        const auto line = nlohmann::json::parse(admin::report_line(process.state));
        std::string found;
        for (const auto& [name, value] :
             line.at("routes").at("orders-15m").at("laterd_route_state").items()) {
            found += value == 1 ? name : "";
        }
        return found;
    };
    CHECK(state() == "running");
    process.orders_2->gate.set(1);
    CHECK(state() == "holding");
    process.orders_2->gate.set(2);  // probing
    CHECK(state() == "holding");
    process.orders_2->partitions[3].set(1);
    process.orders_1->partitions[0].set(1);
    CHECK(state() == "holding");
    process.orders_1->partitions[0].set(0);
    CHECK(state() == "stopped");
    process.orders_1->gate.set(core::k_gate_draining);
    CHECK(state() == "draining");
}

TEST_CASE("the counters' line of the log has the same numbers", "[admin]") {
    tests::Process process;
    process.orders_1->held_records.set(3);
    process.orders_2->held_records.set(4);
    process.orders_1->lateness.observe(3ms);
    count(process.payments->dead_letters, Reason::http, 400);
    process.orders_1->topics.of("orders").consumed.add(2);
    const auto line = nlohmann::json::parse(admin::report_line(process.state));
    CHECK(line.at("event") == "counters");
    CHECK(line.at("laterd_config_reload_success") == 1);
    const auto& orders = line.at("routes").at("orders-15m");
    CHECK(orders.at("laterd_held_records") == 7);
    CHECK(orders.at("laterd_records_consumed_total").at("orders") == 2);
    CHECK(orders.at("laterd_dead_letters_total") == nlohmann::json::object());
    CHECK(orders.at("laterd_lateness_seconds").at("buckets").at("0.004") == 1);
    CHECK(orders.at("laterd_lateness_seconds").at("sum") == 0.003);
    CHECK(line.at("routes").at("payments").at("laterd_dead_letters_total").at("http-400") == 1);
}
