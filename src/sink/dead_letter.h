// The headers that laterd adds to a dead letter: where the record came from and why it is here.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sink/stored_record.h"

namespace laterd::sink {

using Headers = std::vector<std::pair<std::string, std::string>>;

// `laterd-error` is cut to 1 KiB at a character's boundary and left out by every form but the whole one.
Headers dead_letter_headers(const StoredRecord& record, std::string_view route);

// Whether laterd owns this header: it is replaced, never appended, when laterd writes a copy.
bool is_own_header(std::string_view name) noexcept;

}  // namespace laterd::sink
