// The one-word reasons of the `laterd-reason` header, of metrics labels and of logs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace laterd::core {

enum class Reason : std::uint8_t {
    none,
    due_missing,        // the due header is absent, or there is no usable timestamp
    due_invalid,        // the due header is there and cannot be read
    due_too_far,        // further from now than `max`
    too_large,          // the target takes no record of this size
    refused_by_broker,  // the broker refused this record's content for good
    bad_timestamp,      // the broker refused the record's timestamp
    clock_differs,      // the broker refused the time of sending: this host's clock and its own are far apart
    target_missing,     // unknown topic or partition
    not_authorised,     // the client may not write the topic
    unavailable,        // the sink could not be reached in time
    fenced,             // the producer is no longer valid
    http,               // the handler answered with a status; shown with it: `http-503`
    timeout,            // the handler did not answer in time
    closed,             // the handler closed the connection before its answer was whole
    garbage,            // what the handler answered is not HTTP
    attempts_exhausted,
    too_old,       // past the retry policy's max_age
    handler_down,  // nobody listens, or the client may not connect
    handler_busy,  // its connect queue is full
    handler_gone,  // it answered 410
    guard,         // too many dead letters in a row
    compacted,     // a topic of the route where records wait or end is compacted
};

inline constexpr std::size_t k_reasons = 23;

// The word as users see it, e.g. `due-too-far`; never empty.
std::string_view to_string(Reason reason) noexcept;

// The same with the status of an HTTP answer, e.g. `http-503`.
std::string to_string(Reason reason, std::uint16_t code);

}  // namespace laterd::core
