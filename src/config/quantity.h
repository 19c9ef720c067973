// Durations (`250ms 5s 15m 24h 30d 1h30m`), sizes (`512KiB 256MiB 1GiB`) and plain numbers (`2`, `0.25`) as people
// write them.
#pragma once

#include "config/parsed.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace laterd::config {

// A bare number is a problem that says which units there are.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
Parsed<std::uint64_t> parse_size(std::string_view text);

// Not negative, with up to six digits after the point.
Parsed<double> parse_number(std::string_view text);

// The shortest form that parses to the same value.
std::string format_duration(std::chrono::milliseconds duration);
std::string format_size(std::uint64_t bytes);
std::string format_number(double number);

}  // namespace laterd::config
