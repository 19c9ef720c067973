#include "config/interpolation.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace laterd::config {

namespace {

bool is_variable(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9');
    });
}

// `inside` is what stands between the braces. An empty variable takes the default, as in a shell. The
// messages never show the text: it may be half of a password.
Parsed<std::string> value_of(std::string_view inside, const Environment& environment) {
    const std::size_t colon = inside.find(":-");
    const std::string_view name = inside.substr(0, colon);
    if (!is_variable(name)) {
        return Problem{
            "what stands in ${ } names no variable; write ${NAME} or ${NAME:-default}, and $${ for a plain "
            "${"};
    }
    const std::optional<std::string> value = environment(std::string(name));
    if (colon != std::string_view::npos) {
        return value && !value->empty() ? *value : std::string(inside.substr(colon + 2));
    }
    if (!value) {
        return Problem{
            fmt::format("${{{0}}} is not set in the environment; set it or write ${{{0}:-default}}", name)};
    }
    return *value;
}

}  // namespace

Parsed<Interpolated> interpolate(std::string_view text, const Environment& environment) {
    Interpolated result;
    while (!text.empty()) {
        if (text.substr(0, 3) == "$${") {
            result.text += "${";
            text.remove_prefix(3);
        } else if (text.substr(0, 2) == "${") {
            const std::size_t end = text.find('}');
            if (end == std::string_view::npos) {
                return Problem{"a ${ has no closing brace; write ${NAME}, and $${ for a plain ${"};
            }
            const Parsed<std::string> value = value_of(text.substr(2, end - 2), environment);
            if (!value) {
                return Problem{value.problem()};
            }
            result.text += *value;
            result.replaced = true;
            text.remove_prefix(end + 1);
        } else {
            result.text += text.front();
            text.remove_prefix(1);
        }
    }
    return result;
}

}  // namespace laterd::config
