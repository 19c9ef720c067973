#include "config/quantity.h"

#include "config/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

namespace laterd::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first: the order in which a duration names them.
constexpr std::array<Unit, 5> k_times{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> k_sizes{{{"GiB", std::uint64_t{1} << 30},
                                       {"MiB", std::uint64_t{1} << 20},
                                       {"KiB", std::uint64_t{1} << 10},
                                       {"B", 1}}};

// Far beyond what anybody waits, and far below what milliseconds overflow at.
constexpr std::uint64_t k_longest_ms = std::uint64_t{36'500} * 86'400'000;
constexpr std::size_t k_most_decimals = 6;
constexpr std::uint64_t k_largest_bytes = std::uint64_t{1} << 50;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Takes the digits from the front of `text`; nullopt when there are none. Too many of them give the largest
// number.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    constexpr std::uint64_t k_most = std::numeric_limits<std::uint64_t>::max();
    if (text.empty() || !is_digit(text.front())) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    while (!text.empty() && is_digit(text.front())) {
        const auto digit = static_cast<std::uint64_t>(text.front() - '0');
        number = number > (k_most - digit) / 10 ? k_most : number * 10 + digit;
        text.remove_prefix(1);
    }
    return number;
}

std::string_view take_letters(std::string_view& text) {
    const auto end = std::find_if(text.begin(), text.end(), is_digit);
    const auto length = static_cast<std::size_t>(end - text.begin());
    const std::string_view letters = text.substr(0, length);
    text.remove_prefix(length);
    return letters;
}

std::uint64_t multiply(std::uint64_t number, std::uint64_t factor, std::uint64_t most) {
    return number > most / factor ? most + 1 : number * factor;
}

std::optional<std::size_t> find_time(std::string_view name) {
    for (std::size_t i = 0; i < k_times.size(); ++i) {
        if (k_times[i].name == name) {
            return i;
        }
    }
    return std::nullopt;
}

// The sum of `NUMBER UNIT` pairs, each unit once and the larger first; nullopt when it is not written so.
std::optional<std::uint64_t> sum_of_times(std::string_view text) {
    std::uint64_t sum = 0;
    std::size_t next = 0;
    while (!text.empty()) {
        const std::optional<std::uint64_t> number = take_number(text);
        const std::optional<std::size_t> unit = find_time(take_letters(text));
        if (!number || !unit || *unit < next) {
            return std::nullopt;
        }
        sum = std::min(sum + multiply(*number, k_times[*unit].factor, k_longest_ms), k_longest_ms + 1);
        next = *unit + 1;
    }
    return sum;
}

}  // namespace

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
    if (is_number(text)) {
        return Problem{
            fmt::format("{0} has no unit; write {1}ms, {1}s, {1}m, {1}h or {1}d", quote(text), text)};
    }
    const std::optional<std::uint64_t> sum = text.empty() ? std::nullopt : sum_of_times(text);
    if (!sum) {
        return Problem{fmt::format("{} is not a duration; write 250ms, 10s, 5m or 1h30m", quote(text))};
    }
    if (*sum > k_longest_ms) {
        return Problem{fmt::format("{} is too long; expected at most 36500d", quote(text))};
    }
    return std::chrono::milliseconds(*sum);
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
    if (is_number(text)) {
        return Problem{fmt::format("{0} has no unit; write {1}KiB, {1}MiB or {1}GiB", quote(text), text)};
    }
    std::string_view rest = text;
    const std::optional<std::uint64_t> number = take_number(rest);
    const auto unit =
        std::find_if(k_sizes.begin(), k_sizes.end(), [&](const Unit& u) { return u.name == rest; });
    if (!number || unit == k_sizes.end()) {
        return Problem{fmt::format("{} is not a size; write 512KiB, 256MiB or 1GiB", quote(text))};
    }
    const std::uint64_t bytes = multiply(*number, unit->factor, k_largest_bytes);
    if (bytes > k_largest_bytes) {
        return Problem{fmt::format("{} is too large; expected at most 1048576GiB", quote(text))};
    }
    return bytes;
}

Parsed<double> parse_number(std::string_view text) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
    double number = 0;
    if (!is_number(whole) || !is_number(fraction) || fraction.size() > k_most_decimals ||
        std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
        return Problem{fmt::format("{} is not a number; write one like 2 or 0.25", quote(text))};
    }
    return number;
}

std::string format_duration(std::chrono::milliseconds duration) {
    auto rest = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    if (rest == 0) {
        return "0s";
    }
    std::string text;
    for (const Unit& unit : k_times) {
        if (const std::uint64_t number = rest / unit.factor; number > 0) {
            text += fmt::format("{}{}", number, unit.name);
            rest -= number * unit.factor;
        }
    }
    return text;
}

std::string format_number(double number) {
    std::string text = fmt::format("{:.{}f}", number, k_most_decimals);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) {
        text.pop_back();
    }
    return text;
}

std::string format_size(std::uint64_t bytes) {
    for (const Unit& unit : k_sizes) {
        if (bytes >= unit.factor && bytes % unit.factor == 0) {
            return fmt::format("{}{}", bytes / unit.factor, unit.name);
        }
    }
    return "0B";
}

}  // namespace laterd::config
