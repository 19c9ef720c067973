#include "unit/admin/state.h"

namespace laterd::tests {

using namespace std::chrono_literals;

Process::Process() {
    state.now = k_now;
    state.started = k_now - 90s;
    state.version = "1.2.3";
    state.librdkafka = "2.0.2";
    const auto add = [&](const char* route, int number, const std::shared_ptr<core::Counters>& counters) {
        state.workers.push_back({.route = route,
                                 .sources = std::string(route) + ",more",
                                 .number = number,
                                 .counters = counters,
                                 .has_joined = true,
                                 .last_turn = 20ms});
    };
    add("orders-15m", 1, orders_1);
    add("orders-15m", 2, orders_2);
    add("payments", 1, payments);
    state.workers.back().retry_topic = "payments.retry";
}

}  // namespace laterd::tests
