// The line that `systemctl status` shows, row by row.
#include "service/standing.h"

#include <stdlib.h>
#include <time.h>

#include <chrono>

#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using service::Standing;

namespace {

// 2026-11-28 12:00:00 UTC
const core::WallTime k_noon{1'795'867'200'000ms};

std::string shown(const Standing& standing) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    return service::status_text(standing, k_noon);
}

}  // namespace

TEST_CASE("the status says how many routes run, what waits and what is due next", "[service]") {
    CHECK(shown({.running = 3}) == "3 routes running; nothing waits");
    CHECK(shown({.running = 1, .waiting = 1}) == "1 route running; 1 record waits");
    CHECK(shown({.running = 3, .waiting = 12'345, .next_due = k_noon + 30min + 5s}) ==
          "3 routes running; 12,345 records wait, next due 12:30:05");
    CHECK(shown({.running = 3, .waiting = 1'000, .next_due = k_noon + 36h}) ==
          "3 routes running; 1,000 records wait, next due 2026-11-30 00:00:00");
    CHECK(shown({.running = 1, .waiting = 999, .next_due = k_noon}) ==
          "1 route running; 999 records wait, next due 12:00:00");
    CHECK(shown({.running = 1, .waiting = 1'234'567}) == "1 route running; 1,234,567 records wait");
}

TEST_CASE("what needs somebody is named", "[service]") {
    CHECK(shown({.running = 2, .holding = {"payments (handler-down)"}, .waiting = 7}) ==
          "2 routes running; holding: payments (handler-down); 7 records wait");
    CHECK(shown({.running = 2, .stopped = {"orders"}}) ==
          "2 routes running; stopped partitions: orders; nothing waits");
    CHECK(shown({.running = 1, .reload_refused = true}) ==
          "1 route running; last reload refused, see the log; nothing waits");
    CHECK(shown({.joining = {"orders", "payments"}}) ==
          "0 routes running; joining: orders, payments; nothing waits");
    CHECK(shown({.running = 1, .restarting = {"payments"}, .idle = {"orders"}}) ==
          "1 route running; restarting: payments; no partitions: orders; nothing waits");
    CHECK(shown({.holding = {"a", "b", "c", "d", "e"}}) ==
          "0 routes running; holding: a, b, c and 2 more; nothing waits");
}

TEST_CASE("while it drains the status says what it waits for", "[service]") {
    CHECK(service::drain_text({.in_flight = 12}) == "draining: 12 records in flight");
    CHECK(service::drain_text({}) == "draining: committing and leaving the groups");
}
