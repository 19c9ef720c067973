// What a waiting partition costs, by the time to its next due record: the rule that says when it goes cold.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/time.h"

namespace laterd::core {

enum class Tier : std::uint8_t {
    hot,   // reads on: keeps seconds of its releases in the hold
    warm,  // stops reading its queue; librdkafka's bounded prefetch keeps the rest
    cold,  // paused and drained; keeps only its head
};

// The times that decide. Production uses the defaults; they are not configuration.
struct TierTimes {
    Milliseconds read_ahead{5'000};    // reads until the last record read is due later than this
    Milliseconds refill{3'000};        // reads again when the last record read is due sooner than this
    Milliseconds cold_beyond{60'000};  // the head is due later than this: cold
    Milliseconds resume_ahead{
        3'000};  // a cold partition is resumed this long before its head is due; a resume
                 // takes up to 1 s to deliver (librdkafka up to 2.15, measured)
};

// `until_due`: time from now to when the partition's head may be released. `tight`: memory is over its soft limit.
constexpr Tier tier_for(Milliseconds until_due, bool tight, const TierTimes& times) noexcept {
    if (until_due < times.read_ahead) {
        return Tier::hot;
    }
    if (until_due < times.cold_beyond && !tight) {
        return Tier::warm;
    }
    return Tier::cold;
}

}  // namespace laterd::core
