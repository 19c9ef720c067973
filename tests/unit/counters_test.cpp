// What is counted for each topic, and for each way a handler's call ends.
#include "core/by_topic.h"
#include "core/handler_times.h"
#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

TEST_CASE("a topic's counters stay where they are when others come", "[counters]") {
    ByTopic topics;
    TopicCounters& orders = topics.of("orders");
    orders.consumed.add(3);
    for (int i = 0; i < 100; ++i) {
        topics.of("topic-" + std::to_string(i)).lag.set(7);
    }
    CHECK(&topics.of("orders") == &orders);
    CHECK(topics.all().size() == 101);
    CHECK(topics.all().front().topic == "orders");
    CHECK(topics.all().front().counters->consumed.get() == 3);
    topics.clear_lag();
    CHECK(topics.of("topic-5").lag.get() == 0);
    CHECK(orders.consumed.get() == 3);
}

TEST_CASE("calls are timed by status, and by the reason when there was none", "[counters]") {
    HandlerTimes times;
    CHECK(times.all().empty());
    times.observe(Reason::http, 200, 1'500us);
    times.observe(Reason::http, 200, 500us);
    times.observe(Reason::http, 503, 2ms);
    times.observe(Reason::timeout, 0, 30s);
    times.observe(Reason::http, 9'999, 1ms);  // no status of HTTP
    const auto all = times.all();
    REQUIRE(all.size() == 3);
    CHECK(all[0].code == "200");
    CHECK(all[0].durations->total() == 2);
    CHECK(all[0].durations->sum_us() == 2'000);
    CHECK(all[1].code == "503");
    CHECK(all[2].code == "timeout");
    CHECK(all[2].durations->max_ms() == 30'000);
}
