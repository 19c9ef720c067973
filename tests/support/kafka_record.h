// A record as tests write and see it. An absent key, value or header value is null, which is not the same as empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace laterd::support {

using Bytes = std::optional<std::string>;

struct Header {
    std::string name;
    Bytes value;

    bool operator==(const Header&) const = default;
};

struct TestRecord {
    std::string topic;
    std::int32_t partition = -1;  // when sent: -1 lets the key choose
    Bytes key;
    Bytes value;
    std::vector<Header> headers;
    std::int64_t timestamp = 0;  // Unix ms; when sent, 0 is now

    // Only on records that were seen.
    std::int64_t offset = -1;
    bool is_log_append_time = false;
    std::int64_t arrived_ms = 0;  // the observer's wall clock

    // The value's text before the first '|': how tests recognise a record whatever its size.
    std::string id() const;

    // The last header of that name; null when it is absent or its value is null.
    Bytes header(const std::string& name) const;
};

}  // namespace laterd::support
