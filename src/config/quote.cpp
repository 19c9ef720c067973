#include "config/quote.h"

#include <fmt/format.h>

#include <cstddef>

namespace laterd::config {

namespace {

constexpr std::size_t k_longest = 120;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Not in the middle of a UTF-8 sequence.
std::string_view shorten(std::string_view text) {
    std::size_t end = k_longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
        --end;
    }
    return text.substr(0, end);
}

}  // namespace

std::string quote(std::string_view text) {
    const bool is_long = text.size() > k_longest;
    std::string quoted = "\"";
    for (char c : is_long ? shorten(text) : text) {
        if (c == '\n') {
            quoted += "\\n";
        } else if (is_control(c)) {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            quoted += c;
        }
    }
    return quoted + (is_long ? "...\"" : "\"");
}

}  // namespace laterd::config
