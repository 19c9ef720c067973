// Where something stands in a file. Lines and columns count from 1; line 0 means the file as a whole.
#pragma once

#include <compare>

namespace laterd::config {

struct Place {
    int line = 0;
    int column = 0;

    auto operator<=>(const Place&) const = default;
};

}  // namespace laterd::config
