#include "dialect/laterd.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "dialect/text.h"

namespace laterd::dialect {

namespace {

constexpr std::size_t k_error_most = 1'024;

enum Own : std::uint8_t {
    due,
    attempt,
    first_attempt,
    origin_topic,
    origin_partition,
    origin_offset,
    origin_timestamp,
    route,
    reason,
    error,
};

constexpr std::string_view k_prefix = "laterd-";

constexpr std::array<std::string_view, k_own_headers> k_names{
    "laterd-due",
    "laterd-attempt",
    "laterd-first-attempt",
    "laterd-origin-topic",
    "laterd-origin-partition",
    "laterd-origin-offset",
    "laterd-origin-timestamp",
    "laterd-route",
    "laterd-reason",
    "laterd-error",
};

// Its place in k_names; nullopt when it is not laterd's.
std::optional<std::size_t> own_header(std::string_view name) noexcept {
    if (!name.starts_with(k_prefix)) {
        return std::nullopt;
    }
    const auto* const found = std::find(k_names.begin(), k_names.end(), name);
    return found == k_names.end() ? std::nullopt
                                  : std::optional(static_cast<std::size_t>(found - k_names.begin()));
}

// A number too large for 64 bits is the largest one.
std::optional<std::uint64_t> number_in(std::optional<std::string_view> text) noexcept {
    if (!text) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (end != text->data() + text->size() || problem == std::errc::invalid_argument) {
        return std::nullopt;
    }
    return problem == std::errc() ? number : std::numeric_limits<std::uint64_t>::max();
}

template <typename Number>
std::optional<Number> number_up_to(Number most, std::optional<std::string_view> text) noexcept {
    const std::optional<std::uint64_t> number = number_in(text);
    return number && *number <= static_cast<std::uint64_t>(most) ? std::optional(static_cast<Number>(*number))
                                                                 : std::nullopt;
}

std::optional<std::uint32_t> count_in(std::optional<std::string_view> text) noexcept {
    const std::optional<std::uint64_t> number = number_in(text);
    return number
               ? std::optional(static_cast<std::uint32_t>(std::min<std::uint64_t>(*number, k_attempts_most)))
               : std::nullopt;
}

std::optional<core::WallTime> instant_in(std::optional<std::string_view> text) noexcept {
    constexpr auto k_most = static_cast<std::uint64_t>(k_calendar_end.time_since_epoch().count()) + 1;
    const std::optional<std::uint64_t> number = number_in(text);
    return number ? std::optional(core::WallTime(
                        core::Milliseconds(static_cast<std::int64_t>(std::min(*number, k_most)))))
                  : std::nullopt;
}

// What Kafka allows. Other bytes would go on into logs and into the request to a handler.
bool is_topic_name(std::string_view name) noexcept {
    constexpr std::size_t k_longest = 249;
    return !name.empty() && name.size() <= k_longest && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

std::string to_string(core::WallTime instant) {
    return std::to_string(instant.time_since_epoch().count());
}

}  // namespace

bool is_own_header(std::string_view name) noexcept {
    return own_header(name).has_value();
}

std::vector<Header> encode(const Marks& marks) {
    std::vector<Header> headers;
    headers.reserve(k_own_headers);
    const auto add = [&](Own own, std::string value) {
        headers.push_back({.name = k_names[own], .value = std::move(value)});
    };
    if (marks.due) {
        add(due, to_string(*marks.due));
    }
    if (marks.attempts) {
        add(attempt, std::to_string(*marks.attempts));
    }
    if (marks.first_attempt) {
        add(first_attempt, to_string(*marks.first_attempt));
    }
    if (marks.origin) {
        add(origin_topic, std::string(marks.origin->topic));
        add(origin_partition, std::to_string(marks.origin->partition));
        add(origin_offset, std::to_string(marks.origin->offset));
        add(origin_timestamp, std::to_string(marks.origin->timestamp));
    }
    if (!marks.route.empty()) {
        add(route, std::string(marks.route));
    }
    if (!marks.reason.empty()) {
        add(reason, std::string(marks.reason));
    }
    if (!marks.error.empty()) {
        add(error, to_text(marks.error, k_error_most));
    }
    return headers;
}

void Decoder::take(std::string_view name, std::optional<std::string_view> value) noexcept {
    if (const std::optional<std::size_t> own = own_header(name)) {
        last_[*own] = value;
    }
}

Marks Decoder::marks() const noexcept {
    Marks marks;
    marks.due = instant_in(last_[due]);
    marks.attempts = count_in(last_[attempt]);
    marks.first_attempt = instant_in(last_[first_attempt]);
    const auto partition = number_up_to(std::numeric_limits<std::int32_t>::max(), last_[origin_partition]);
    const auto offset = number_up_to(std::numeric_limits<core::Offset>::max(), last_[origin_offset]);
    const std::string_view topic = last_[origin_topic].value_or(std::string_view());
    if (partition && offset && is_topic_name(topic)) {
        // A record without a timestamp was written with -1.
        const auto timestamp =
            number_up_to<std::int64_t>(k_calendar_end.time_since_epoch().count(), last_[origin_timestamp]);
        marks.origin = {
            .topic = topic, .partition = *partition, .offset = *offset, .timestamp = timestamp.value_or(-1)};
    }
    marks.route = last_[route].value_or(std::string_view());
    marks.reason = last_[reason].value_or(std::string_view());
    marks.error = last_[error].value_or(std::string_view());
    return marks;
}

core::WallTime due_on_retry(const Marks& marks, core::WallTime written, core::Milliseconds longest) noexcept {
    return marks.due ? std::min(*marks.due, written + longest) : core::WallTime();
}

core::WallTime due_on_waiting(const Marks& marks) noexcept {
    // What lies beyond the calendar is no instant: nobody can have asked for it.
    return marks.due && *marks.due <= k_calendar_end ? *marks.due : core::WallTime();
}

core::WallTime first_attempt_of(const Marks& marks, core::WallTime written) noexcept {
    if (marks.attempts.value_or(0) == 0) {
        return {};
    }
    return std::min(marks.first_attempt.value_or(written), written);
}

}  // namespace laterd::dialect
