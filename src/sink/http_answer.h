// What a handler's answer means for the record, and what is kept of it for people.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/routing_table.h"
#include "core/pipeline.h"
#include "core/time.h"

namespace laterd::sink {

// How a call ended.
enum class CallEnd : std::uint8_t {
    answered,  // with a status
    timeout,   // not within the handler's timeout, although the connection stood
    closed,    // the connection ended before the answer was whole
    garbage,   // what came is not HTTP
    down,      // nobody listens, or the client may not connect: nothing was sent
    busy,      // the connect queue is full: nothing was sent
};

struct Answer {
    CallEnd end = CallEnd::answered;
    int status = 0;                // when answered
    std::string_view retry_after;  // the header's value; empty when there is none
    std::string_view body;         // its first bytes, as they came
    std::string_view trouble;      // down: what the system said
    std::chrono::microseconds took{0};
};

// An Outcome without its record.
struct Verdict {
    core::Outcome::Result result = core::Outcome::Result::delivered;
    core::Reason reason = core::Reason::none;
    std::uint16_t code = 0;
    std::optional<core::Milliseconds> retry_after;  // from now, >= 0
};

Verdict judge(const Answer& answer, config::NotFound not_found, core::WallTime now);

// Seconds, or a date in one of the three forms of RFC 9110, section 5.6.7, as a time from now: 0 when it has passed, never
// more than a year. nullopt when it is neither.
std::optional<core::Milliseconds> parse_retry_after(std::string_view text, core::WallTime now);

// For `laterd-error`: the beginning of the body, or a sentence when there is none. Valid UTF-8, at most 1 KiB.
std::string error_text(const Answer& answer);

inline constexpr std::size_t k_error_text_most = 1'024;

}  // namespace laterd::sink
