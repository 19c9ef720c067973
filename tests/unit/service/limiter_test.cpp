// Repeated lines are kept back and counted, however many different ones there are.
#include "runtime/limiter.h"

#include <chrono>
#include <string>

#include "support/catch.hpp"

using namespace laterd;
using namespace std::chrono_literals;

namespace {

const core::SteadyTime k_start{1h};

}  // namespace

TEST_CASE("the first line passes, then one a minute with the count of those between", "[log]") {
    runtime::Limiter limiter(60s);
    CHECK(limiter.pass("refused", k_start) == 0);
    for (int i = 1; i < 60; ++i) {
        CHECK_FALSE(limiter.pass("refused", k_start + i * 1s));
    }
    CHECK(limiter.pass("another", k_start + 30s) == 0);
    CHECK(limiter.pass("refused", k_start + 60s) == 59);
    CHECK_FALSE(limiter.pass("refused", k_start + 61s));
    limiter.reset("refused");
    CHECK(limiter.pass("refused", k_start + 62s) == 0);
}

TEST_CASE("a thousand different lines that all repeat are no flood", "[log]") {
    runtime::Limiter limiter(60s);
    int passed = 0;
    std::uint64_t told = 0;
    constexpr int k_seconds = 180;
    for (int second = 0; second < k_seconds; ++second) {
        for (int topic = 0; topic < 1'000; ++topic) {
            if (const auto kept_back =
                    limiter.pass("topic-" + std::to_string(topic), k_start + second * 1s)) {
                ++passed;
                told += 1 + *kept_back;
            }
        }
    }
    // Those that are known by their own text once a minute, and one for all others.
    CHECK(passed <= 3 * 257);
    CHECK(passed >= 3 * 256);
    CHECK(told > 1'000 * (k_seconds - 61));
}

TEST_CASE("texts that have not been seen for a while make room for others", "[log]") {
    runtime::Limiter limiter(60s);
    for (int i = 0; i < 1'000; ++i) {
        limiter.pass("old-" + std::to_string(i), k_start);
    }
    CHECK(limiter.pass("new", k_start + 61s) == 0);
    CHECK(limiter.pass("newer", k_start + 61s) == 0);
}
