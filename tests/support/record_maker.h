// Stored records without a broker: as they were read from a topic, with any key, value and headers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sink/stored_record.h"

namespace laterd::support {

struct RecordText {
    std::optional<std::string> key;
    std::optional<std::string> value = "hello";
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    core::Role role = core::Role::source;
    std::uint32_t attempts = 0;
    core::Offset offset = 42;  // of the origin as well, which is orders/3 at 1700000000123
};

std::unique_ptr<sink::StoredRecord> make_record(const RecordText& text);

}  // namespace laterd::support
