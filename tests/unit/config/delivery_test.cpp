// Handlers, retries, order and waiting topics: from the text of a file to the structs.
#include <chrono>
#include <string>
#include <vector>

#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;
using config::HandlerSink;
using config::Order;
using config::Route;
using core::Backoff;

namespace {

// A delay route from `in` with this sink and these keys beside it.
config::Loaded load_route(const std::string& to, const std::string& more = "") {
    return support::load(support::k_clusters +
                         "routes:\n  r: {from: {topics: [in], group: g}, delay: 1m, to: " + to +
                         (more.empty() ? "" : ", " + more) + "}\n");
}

Route route_with(const std::string& to, const std::string& more = "") {
    const config::Loaded loaded = load_route(to, more);
    INFO(support::explain(loaded));
    REQUIRE(loaded.table);
    return loaded.table->routes[0];
}

core::RetryPolicy policy_of(const std::string& retry) {
    return route_with("{topic: out}", "retry: " + retry).retry.policy;
}

Order order_of(const std::string& keys) {
    const config::Loaded loaded = support::load(support::table_with(keys));
    INFO(support::explain(loaded));
    REQUIRE(loaded.table);
    return loaded.table->routes[0].order;
}

}  // namespace

TEST_CASE("every key of a handler reaches its place", "[config]") {
    const Route route = route_with(
        "{handler: {address: '127.0.0.1:8080', path: /pay, timeout: 5s, concurrency: 7, sequence: partition, "
        "not_found: dead_letter, headers: [a, b c]}}",
        "dead_letter: {topic: dead, guard: off}");
    CHECK(route.handler == HandlerSink{.address = "127.0.0.1:8080",
                                       .path = "/pay",
                                       .timeout = 5s,
                                       .concurrency = 7,
                                       .sequence = config::Sequence::partition,
                                       .not_found = config::NotFound::dead_letter,
                                       .headers = config::SentHeaders::named,
                                       .header_names = {"a", "b c"}});
    CHECK(route.to.topic.empty());
    CHECK(route.dead_letter->guard == 0);
    CHECK(route_with("{handler: {socket: /s, headers: none}}").handler->headers == config::SentHeaders::none);
    CHECK_FALSE(route_with("{topic: out}").handler);
}

TEST_CASE("without a retry topic a record is tried again in place, at delays of its own", "[config]") {
    const core::RetryPolicy in_place{.has_topic = false,
                                     .backoff = {.initial = 1s, .factor = 2, .max = 1min, .jitter = 0}};
    CHECK(route_with("{topic: out}").retry.policy == in_place);
    CHECK(policy_of("{}") == in_place);
    CHECK(policy_of("{max_age: 2h}").max_age == 2h);
    CHECK(policy_of("{backoff: {max: 5s}}").backoff ==
          Backoff{.initial = 1s, .factor = 2, .max = 5s, .jitter = 0});
}

TEST_CASE("with a retry topic the delays are longer and the attempts are counted", "[config]") {
    const Route route = route_with("{topic: out}", "retry: {topic: again}");
    CHECK(route.retry.topic == "again");
    CHECK(route.retry.policy ==
          core::RetryPolicy{.has_topic = true,
                            .attempts = 5,
                            .backoff = {.initial = 5s, .factor = 2, .max = 1h, .jitter = 0.2}});
    CHECK(policy_of("{topic: again, attempts: 3, max_age: 1d}").attempts == 3);
    CHECK_FALSE(policy_of("{topic: again}").max_age);
}

TEST_CASE("a backoff is one delay, a list of them, or growing ones", "[config]") {
    const auto backoff_of = [](const std::string& text) {
        return policy_of("{topic: again, backoff: " + text + "}").backoff;
    };
    CHECK(backoff_of("15s").steps == std::vector<core::Milliseconds>{15s});
    CHECK(backoff_of("[5s, 1m, 15m]").steps == std::vector<core::Milliseconds>{5s, 1min, 15min});
    CHECK(backoff_of("{initial: 2s, factor: 1.5, max: 10m, jitter: 0}") ==
          Backoff{.initial = 2s, .factor = 1.5, .max = 10min, .jitter = 0});
    CHECK(backoff_of("{initial: 1h}").max == 1h);
    CHECK(backoff_of("{}") == Backoff{});
}

TEST_CASE("an impossible backoff is refused at its place", "[config]") {
    const auto answer = [](const std::string& backoff) {
        return support::explain(load_route("{topic: out}", "retry: {backoff: " + backoff + "}"));
    };
    CHECK(answer("{initial: 2m, max: 1m}") ==
          "t:3:104: routes.r.retry.backoff.max: 1m is less than initial; expected at least 2m\n");
    CHECK(answer("{initial: 2m}") ==
          "t:3:95: routes.r.retry.backoff.initial: 2m is more than max, which is 1m by default; expected "
          "less, or a "
          "max\n");
    for (const char* bad : {"0s", "366d", "15", "[]", "[5s, 0s]", "{initial: 0s}", "{factor: 0.5}",
                            "{factor: x}", "{jitter: 1.01}", "{jitter: -1}", "{jitter: .5}", "{steps: 3}"}) {
        CAPTURE(bad);
        CHECK(load_route("{topic: out}", std::string("retry: {backoff: ") + bad + "}").findings.size() == 1);
    }
}

TEST_CASE("records wait in the order of their due times when a header names them", "[config]") {
    const std::string header = "due: {header: h, format: unix_s, missing: now, invalid: now}";
    CHECK(order_of("delay: 1m") == Order::partition);
    CHECK(order_of("delay: 1m, order: due") == Order::due);
    CHECK(order_of(header) == Order::due);
    CHECK(order_of(header + ", order: partition") == Order::partition);
}

TEST_CASE("a waiting topic is for due order and for retry records", "[config]") {
    CHECK(route_with("{topic: out}", "order: due, wait: {topic: far}").wait_topic == "far");
    CHECK(route_with("{topic: out}", "wait: {topic: far}, retry: {topic: again}").wait_topic == "far");
    CHECK(load_route("{topic: out}", "wait: {topic: far}").findings.size() == 1);
    CHECK(load_route("{topic: out}", "wait: {topic: far}, retry: {max_age: 1h}").findings.size() == 1);
}

TEST_CASE("retry and waiting topics belong to one route and one role", "[config]") {
    const auto problems = [](const std::string& more) {
        return support::load(
                   support::k_clusters +
                   "routes:\n  a: {from: {topics: [in], group: a}, delay: 1m, order: due, to: {topic: out}, "
                   "retry: {topic: again}, wait: {topic: far}}\n  b: {" +
                   more + "}\n")
            .findings.size();
    };
    const std::string from = "from: {topics: [in], group: b}, delay: 1m, ";
    CHECK(problems(from + "order: due, to: {topic: out}, retry: {topic: again-b}, wait: {topic: far-b}") ==
          0);
    CHECK(problems("from: {topics: ['^(again|far)'], group: b}, delay: 1m, to: {topic: out}") == 0);
    CHECK(problems(from + "to: {topic: again}") == 1);
    CHECK(problems(from + "to: {topic: out}, dead_letter: {topic: far}") == 1);
    CHECK(problems(from + "to: {topic: out}, retry: {topic: again}") == 1);
    CHECK(problems(from + "to: {topic: out}, retry: {topic: far}") == 1);
    CHECK(problems(from + "order: due, to: {topic: out}, wait: {topic: far}") == 1);
    CHECK(problems("from: {topics: [x, far], group: b}, delay: 1m, to: {topic: out}") == 1);
}
