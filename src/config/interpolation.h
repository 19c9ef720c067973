// Replaces `${NAME}` and `${NAME:-default}` in a scalar; `$${` is `${`, a lone `$` is itself.
#pragma once

#include "config/environment.h"
#include "config/parsed.h"

#include <string>
#include <string_view>

namespace laterd::config {

struct Interpolated {
    std::string text;
    bool replaced = false;  // something came from the environment or a default
};

Parsed<Interpolated> interpolate(std::string_view text, const Environment& environment);

}  // namespace laterd::config
