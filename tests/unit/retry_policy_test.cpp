#include "core/retry_policy.h"

#include <limits>

#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

namespace {

constexpr WallTime k_now{Milliseconds(1'700'000'000'123)};
constexpr std::uint32_t k_attempts_most = 4'294'967'295;

// The largest that is below 1.
constexpr double k_nearly_one = 0.9999999999999999;

const Backoff k_doubling{.initial = 5s, .factor = 2, .max = 1h, .jitter = 0};

}  // namespace

TEST_CASE("an exponential backoff grows by its factor up to its max", "[retry]") {
    struct Row {
        std::uint32_t made;
        Milliseconds delay;
    };
    const Row row = GENERATE(Row{0, 5s}, Row{1, 5s}, Row{2, 10s}, Row{3, 20s}, Row{10, 2'560s}, Row{11, 1h},
                             Row{12, 1h}, Row{k_attempts_most, 1h});
    INFO("after delivery " << row.made);
    CHECK(delay_after(k_doubling, row.made, 0.5) == row.delay);
}

TEST_CASE("jitter goes up and down by its fraction, not beyond the max and never to nothing", "[retry]") {
    const Backoff fifth{.initial = 10s, .factor = 2, .max = 1h, .jitter = 0.2};
    CHECK(delay_after(fifth, 1, 0) == 8s);
    CHECK(delay_after(fifth, 1, 0.5) == 10s);
    CHECK(delay_after(fifth, 1, 0.75) == 11s);
    CHECK(delay_after(fifth, 1, k_nearly_one) == 12s);
    CHECK(delay_after(fifth, 2, 0) == 16s);

    CHECK(delay_after(fifth, 30, k_nearly_one) == 1h);
    // Those that have reached the max still spread.
    CHECK(delay_after(fifth, 30, 0) == 48min);

    const Backoff whole{.initial = 10s, .factor = 1, .max = 1h, .jitter = 1};
    CHECK(delay_after(whole, 1, 0) == 1ms);
    CHECK(delay_after(whole, 1, k_nearly_one) == 20s);
}

TEST_CASE("huge factors, attempts and delays end at the max", "[retry]") {
    const double factor = GENERATE(1e6, 1e300, std::numeric_limits<double>::max());
    const std::uint32_t made = GENERATE(2U, 1'000U, k_attempts_most);
    const double random = GENERATE(0.5, k_nearly_one);
    const Milliseconds max = GENERATE(Milliseconds(1h), Milliseconds(24h * 365 * 1'000), Milliseconds::max());
    const Backoff backoff{.initial = 1h, .factor = factor, .max = max, .jitter = 1};
    const Milliseconds delay = delay_after(backoff, made, random);
    CHECK(delay > 0ms);
    CHECK(delay <= max);
    if (made > 2) {
        CHECK(delay == max);
    }
}

TEST_CASE("a list of delays is followed, and its last one is kept", "[retry]") {
    const Backoff list{.steps = {5s, 1min, 15min}};
    CHECK(delay_after(list, 0, 0) == 5s);
    CHECK(delay_after(list, 1, 0) == 5s);
    CHECK(delay_after(list, 2, k_nearly_one) == 1min);
    CHECK(delay_after(list, 3, 0) == 15min);
    CHECK(delay_after(list, k_attempts_most, 0) == 15min);

    const Backoff fixed{.steps = {15s}};
    CHECK(delay_after(fixed, 1, 0) == 15s);
    CHECK(delay_after(fixed, k_attempts_most, k_nearly_one) == 15s);
}

TEST_CASE("nothing is due later than the longest delay of its backoff", "[retry]") {
    CHECK(retry_after_most(k_doubling) == 1h);
    CHECK(longest_delay(k_doubling) == 1h);
    CHECK(longest_delay({.initial = 1s, .max = 1min}) == 1min);
    // A list has no max: a Retry-After may lead further than its delays, up to an hour.
    CHECK(longest_delay({.steps = {5s, 15s}}) == 1h);
    CHECK(longest_delay({.steps = {24h, 15s}}) == 24h);
    CHECK(retry_after_most({.steps = {24h}}) == 1h);
}

TEST_CASE("a Retry-After counts when it is later than the backoff, up to the most", "[retry]") {
    const RetryPolicy policy{.has_topic = true, .attempts = 5, .backoff = k_doubling};
    const auto delay = [&](std::optional<Milliseconds> asked) {
        return decide_retrial(policy, 2, k_now, k_now, asked, 0.5).delay;
    };
    CHECK(delay(std::nullopt) == 10s);
    CHECK(delay(0s) == 10s);
    CHECK(delay(-1h) == 10s);
    CHECK(delay(10s) == 10s);
    CHECK(delay(11s) == 11s);
    CHECK(delay(1h) == 1h);
    CHECK(delay(2h) == 1h);
    CHECK(delay(Milliseconds::max()) == 1h);

    const RetryPolicy list{.has_topic = true, .backoff = {.steps = {2h}}};
    CHECK(decide_retrial(list, 1, k_now, k_now, Milliseconds(3h), 0.5).delay == 2h);
}

TEST_CASE("a record is delivered as often as its policy says, in place without end", "[retry]") {
    RetryPolicy policy{.has_topic = true, .attempts = 3, .backoff = k_doubling};
    CHECK(decide_retrial(policy, 1, k_now, k_now, std::nullopt, 0.5).again);
    CHECK(decide_retrial(policy, 2, k_now, k_now, std::nullopt, 0.5).again);
    for (const std::uint32_t made : {3U, 4U, k_attempts_most}) {
        const Retrial retrial = decide_retrial(policy, made, k_now, k_now, Milliseconds(1s), 0.5);
        CHECK_FALSE(retrial.again);
        CHECK(retrial.reason == Reason::attempts_exhausted);
    }
    policy.has_topic = false;
    CHECK(decide_retrial(policy, k_attempts_most, k_now, k_now, std::nullopt, 0.5).again);
}

TEST_CASE("a record whose next due time would pass its max_age is given up at once", "[retry]") {
    const RetryPolicy policy{.has_topic = GENERATE(true, false),
                             .attempts = 9,
                             .backoff = k_doubling,
                             .max_age = Milliseconds(1min)};
    const auto retrial = [&](Milliseconds age, std::optional<Milliseconds> asked) {
        return decide_retrial(policy, 1, k_now - age, k_now, asked, 0.5);
    };
    CHECK(retrial(55s, std::nullopt).again);
    CHECK(retrial(55'001ms, std::nullopt).reason == Reason::too_old);
    CHECK_FALSE(retrial(55'001ms, std::nullopt).again);
    CHECK(retrial(24h * 365 * 50, std::nullopt).reason == Reason::too_old);
    // What the handler asks for counts, too.
    CHECK(retrial(0s, Milliseconds(1min)).again);
    CHECK(retrial(0s, Milliseconds(1min) + 1ms).reason == Reason::too_old);
    // Another host's clock may be ahead.
    CHECK(retrial(-10s, std::nullopt).again);
}

TEST_CASE("attempts are exhausted before a record is too old", "[retry]") {
    const RetryPolicy policy{
        .has_topic = true, .attempts = 1, .backoff = k_doubling, .max_age = Milliseconds(1min)};
    CHECK(decide_retrial(policy, 1, k_now - 2min, k_now, std::nullopt, 0.5).reason ==
          Reason::attempts_exhausted);
}
