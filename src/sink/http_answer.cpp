#include "sink/http_answer.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "dialect/text.h"

namespace laterd::sink {

namespace {

using Result = core::Outcome::Result;

// Far beyond any backoff, which cuts it; no arithmetic on it overflows.
constexpr std::chrono::seconds k_retry_after_most = std::chrono::hours{24 * 365};

bool is_delivered(int status) noexcept {
    return status == 200 || status == 201 || status == 202 || status == 204;
}

bool is_transient(int status, config::NotFound not_found) noexcept {
    switch (status) {
        case 404:
            return not_found == config::NotFound::retry;
        case 408:
        case 409:
        case 423:
        case 425:
        case 429:
            return true;
        default:
            return status >= 500;
    }
}

Verdict judge_status(const Answer& answer, config::NotFound not_found, core::WallTime now) {
    const auto code = static_cast<std::uint16_t>(answer.status);
    if (answer.status < 100 || answer.status > 599) {
        return {.result = Result::retry, .reason = core::Reason::garbage};
    }
    if (is_delivered(answer.status)) {
        return {};
    }
    if (answer.status == 410) {
        return {.result = Result::not_attempted, .reason = core::Reason::handler_gone, .code = code};
    }
    if (is_transient(answer.status, not_found)) {
        return {.result = Result::retry,
                .reason = core::Reason::http,
                .code = code,
                .retry_after = parse_retry_after(answer.retry_after, now)};
    }
    return {.result = Result::rejected, .reason = core::Reason::http, .code = code};
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

std::chrono::seconds parse_seconds(std::string_view digits) noexcept {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    // All digits, so the only error is that there are too many.
    return error == std::errc() ? std::min(std::chrono::seconds{count}, k_retry_after_most)
                                : k_retry_after_most;
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string sentence(const Answer& answer) {
    switch (answer.end) {
        case CallEnd::answered:
            return "the handler answered " + std::to_string(answer.status);
        case CallEnd::timeout:
            return "the handler did not answer in time";
        case CallEnd::closed:
            return "the handler closed the connection before its answer was whole";
        case CallEnd::garbage:
            return "what the handler answered is not HTTP";
        case CallEnd::down:
            return "the handler cannot be reached: " + std::string(answer.trouble);
        case CallEnd::busy:
            return "the handler's connect queue is full";
    }
    return {};
}

}  // namespace

Verdict judge(const Answer& answer, config::NotFound not_found, core::WallTime now) {
    switch (answer.end) {
        case CallEnd::answered:
            return judge_status(answer, not_found, now);
        case CallEnd::timeout:
            return {.result = Result::retry, .reason = core::Reason::timeout};
        case CallEnd::closed:
            return {.result = Result::retry, .reason = core::Reason::closed};
        case CallEnd::garbage:
            return {.result = Result::retry, .reason = core::Reason::garbage};
        case CallEnd::down:
            return {.result = Result::not_attempted, .reason = core::Reason::handler_down};
        case CallEnd::busy:
            return {.result = Result::not_attempted, .reason = core::Reason::handler_busy};
    }
    return {};
}

std::optional<core::Milliseconds> parse_retry_after(std::string_view text, core::WallTime now) {
    text = trimmed(text);
    if (text.empty()) {
        return std::nullopt;
    }
    if (std::all_of(text.begin(), text.end(), is_digit)) {
        return parse_seconds(text);
    }
    // curl_getdate knows the three forms and many more; theirs begin with a weekday and name the hour.
    if (is_digit(text.front()) || text.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
    if (seconds == -1) {
        return std::nullopt;
    }
    const core::Milliseconds wait = core::WallTime{std::chrono::seconds{seconds}} - now;
    return std::clamp<core::Milliseconds>(wait, core::Milliseconds{0}, k_retry_after_most);
}

std::string error_text(const Answer& answer) {
    const bool has_body = answer.end == CallEnd::answered && !trimmed(answer.body).empty();
    return dialect::to_text(has_body ? std::string(answer.body) : sentence(answer), k_error_text_most);
}

}  // namespace laterd::sink
