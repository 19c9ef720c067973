#include "core/gate.h"

#include "support/catch.hpp"

using namespace laterd::core;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime k_start{1h};

}  // namespace

TEST_CASE("a gate is open until a delivery cannot be attempted", "[gate]") {
    Gate gate;
    CHECK(gate.is_open());
    CHECK_FALSE(gate.answered(k_start));
    CHECK(gate.hold(Reason::target_missing, k_start));
    CHECK(gate.state() == Gate::State::holding);
    CHECK(gate.reason() == Reason::target_missing);
    // Late answers of the same burst change nothing.
    CHECK_FALSE(gate.hold(Reason::unavailable, k_start + 1s));
    CHECK(gate.reason() == Reason::target_missing);
    CHECK_FALSE(gate.answered(k_start + 1s));
    CHECK(gate.state() == Gate::State::holding);
}

TEST_CASE("a holding gate probes with growing pauses of at most 2 s", "[gate]") {
    Gate gate;
    SteadyTime now = k_start;
    gate.hold(Reason::unavailable, now);
    CHECK_FALSE(gate.may_probe(now));
    auto pause = gate.probe_at() - now;
    CHECK(pause > 0s);
    for (int i = 0; i < 20; ++i) {
        now = gate.probe_at();
        CHECK_FALSE(gate.may_probe(now - 1ns));
        CHECK(gate.may_probe(now));
        gate.probe();
        CHECK(gate.state() == Gate::State::probing);
        CHECK_FALSE(gate.may_probe(now));
        CHECK_FALSE(gate.hold(Reason::unavailable, now));
        CHECK(gate.state() == Gate::State::holding);
        CHECK(gate.probe_at() - now >= pause);
        pause = gate.probe_at() - now;
        CHECK(pause <= 2s);
    }
}

TEST_CASE("an answered probe opens the gate", "[gate]") {
    Gate gate;
    gate.hold(Reason::not_authorised, k_start);
    const auto first_pause = gate.probe_at() - k_start;
    gate.probe();
    CHECK(gate.answered(k_start + 1s));
    CHECK(gate.is_open());
    CHECK(gate.reason() == Reason::none);
    SECTION("closed again at once, it waits longer") {
        CHECK(gate.hold(Reason::not_authorised, k_start + 2s));
        CHECK(gate.probe_at() - (k_start + 2s) == 2 * first_pause);
    }
    SECTION("closed again much later, it starts afresh") {
        CHECK(gate.hold(Reason::not_authorised, k_start + 1h));
        CHECK(gate.probe_at() - (k_start + 1h) == first_pause);
    }
}

TEST_CASE("a probe whose answer will never come is made again", "[gate]") {
    Gate gate;
    gate.hold(Reason::unavailable, k_start);
    const SteadyTime at = gate.probe_at();
    gate.probe();
    gate.unprobe();
    CHECK(gate.may_probe(at));
}

TEST_CASE("a gate gets wider with every answer, and with time", "[gate]") {
    using namespace std::chrono_literals;
    const SteadyTime start{1h};
    Gate gate;
    CHECK(gate.width(start) == 1);
    gate.answered(start);
    gate.answered(start);
    CHECK(gate.width(start) == 3);
    CHECK(gate.width(start + 100ms) == 3);
    CHECK(gate.width(start + 600ms) == 64);
    CHECK(gate.width(start + 24h) == 1U << 20U);
    gate.hold(Reason::handler_down, start + 24h);
    gate.probe();
    CHECK(gate.answered(start + 25h));
    CHECK(gate.width(start + 25h) == 1);
}
