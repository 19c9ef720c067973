// One problem of a routing table: where it is, what is wrong and what was expected.
#pragma once

#include "config/place.h"

#include <cstdint>
#include <string>
#include <vector>

namespace laterd::config {

enum class Severity : std::uint8_t { error, warning };

struct Finding {
    Severity severity = Severity::error;
    Place place;
    std::string path;  // empty: the file itself
    std::string text;  // what is wrong; what was expected

    bool operator==(const Finding&) const = default;
};

bool has_error(const std::vector<Finding>& findings);

// `FILE:LINE:COL: PATH: what is wrong; what was expected`, one line.
std::string describe(const std::string& file, const Finding& finding);

}  // namespace laterd::config
