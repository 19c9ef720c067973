// The one-word reasons of the `laterd-reason` header, of metrics labels and of logs.
#pragma once

#include <cstdint>
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
    target_missing,     // unknown topic or partition
    not_authorised,     // the client may not write the topic
    unavailable,        // the sink could not be reached in time
    fenced,             // the producer is no longer valid
};

// The word as users see it, e.g. `due-too-far`; never empty.
std::string_view to_string(Reason reason) noexcept;

}  // namespace laterd::core
