#include "config/scalar.h"

#include "config/endpoint.h"
#include "config/near_miss.h"
#include "config/quantity.h"
#include "config/quote.h"
#include "config/utf8.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <limits>
#include <system_error>
#include <vector>

namespace laterd::config {

namespace {

using Complaint = std::optional<std::string>;

constexpr std::size_t k_longest_topic = 249;  // Kafka's own limit
constexpr std::size_t k_longest_group = 249;
// laterd appends route and worker, and Kafka takes 249 characters.
constexpr std::size_t k_longest_instance = 128;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// What Kafka allows in names of topics and instances.
bool is_legal(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '_' ||
               c == '-';
    });
}

bool is_printable(std::string_view text) {
    return !text.empty() && !find_invalid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

Complaint check_topic(const std::string& text) {
    if (!is_legal(text) || text.size() > k_longest_topic || text == "." || text == "..") {
        return fmt::format("{} is not a topic; expected 1 to 249 of a-z A-Z 0-9 . _ -", quote(text));
    }
    return std::nullopt;
}

// As librdkafka compiles it, so that what is right here is right there.
Complaint check_regex(const std::string& text) {
    if (!is_printable(text)) {
        return fmt::format("{} is not a regex; expected ^ and a POSIX extended regular expression",
                           quote(text));
    }
    regex_t compiled;
    const int code = regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (code == 0) {
        regfree(&compiled);
        return std::nullopt;
    }
    std::string reason(128, '\0');
    reason.resize(regerror(code, &compiled, reason.data(), reason.size()) - 1);
    return fmt::format("{} is not a regex: {}; expected a POSIX extended regular expression", quote(text),
                       reason);
}

Complaint check_topic_or_regex(const std::string& text) {
    if (text.starts_with("^")) {
        return check_regex(text);
    }
    if (check_topic(text)) {
        return fmt::format(
            "{} is not a topic; expected 1 to 249 of a-z A-Z 0-9 . _ -, or a regex that begins with ^",
            quote(text));
    }
    return std::nullopt;
}

Complaint check_broker(const std::string& text) {
    if (text.find("://") != std::string::npos) {
        return fmt::format("{} names a protocol; expected host:port, and security.protocol under properties",
                           quote(text));
    }
    const std::size_t colon = text.rfind(':');
    const bool is_bracketed = text.starts_with("[") && text.find(']') != std::string::npos;
    if (colon == std::string::npos || (is_bracketed && colon < text.find(']'))) {
        return fmt::format("{} has no port; expected host:port like kafka-1:9092", quote(text));
    }
    const std::string host = text.substr(0, colon);
    const std::string port = text.substr(colon + 1);
    const bool is_host = is_printable(host) && host.find_first_of(" ,/\"") == std::string::npos &&
                         (is_bracketed ? host.ends_with("]") : host.find(':') == std::string::npos);
    const Parsed<std::int64_t> number = parse_integer(port);
    if (!is_host || !number || *number < 1 || *number > 65'535) {
        return fmt::format("{} is not a broker; expected host:port like kafka-1:9092", quote(text));
    }
    return std::nullopt;
}

Complaint check_instance(const std::string& text) {
    if (!is_legal(text) || text.size() > k_longest_instance) {
        return fmt::format("{} is not an instance; expected 1 to 128 of a-z A-Z 0-9 . _ -", quote(text));
    }
    return std::nullopt;
}

Complaint check_printable(const Key& key, const std::string& text) {
    if (!is_printable(text) || (key.type == Type::group && text.size() > k_longest_group)) {
        return fmt::format("{} cannot be used; expected {}", quote(text), expectation_of(key));
    }
    return std::nullopt;
}

Complaint check_boolean(const std::string& text) {
    if (text == "true" || text == "false") {
        return std::nullopt;
    }
    return fmt::format("{} is not true or false; write true or false", quote(text));
}

Complaint check_integer(const Key& key, const std::string& text) {
    const Parsed<std::int64_t> number = parse_integer(text);
    if (!number) {
        return number.problem();
    }
    const Range range = range_of(key);
    if (*number < *parse_integer(range.least) || *number > *parse_integer(range.most)) {
        return fmt::format("{} is out of range; expected {} to {}", text, range.least, range.most);
    }
    return std::nullopt;
}

Complaint check_integer_or_off(const Key& key, const std::string& text) {
    if (text == "off") {
        return std::nullopt;
    }
    if (!parse_integer(text)) {
        return fmt::format("{} is not a whole number or off; write one like {}, or off", quote(text),
                           key.example);
    }
    const Complaint complaint = check_integer(key, text);
    return complaint ? *complaint + ", or off" : complaint;
}

Complaint check_number(const Key& key, const std::string& text) {
    const Parsed<double> number = parse_number(text);
    if (!number) {
        return number.problem();
    }
    const Range range = range_of(key);
    if (*number < *parse_number(range.least) || *number > *parse_number(range.most)) {
        return fmt::format("{} is out of range; expected {} to {}", text, range.least, range.most);
    }
    return std::nullopt;
}

Complaint check_duration(const Key& key, const std::string& text) {
    const Parsed<std::chrono::milliseconds> duration = parse_duration(text);
    if (!duration) {
        return duration.problem();
    }
    const Range range = range_of(key);
    if (!range.least.empty() &&
        (*duration < *parse_duration(range.least) || *duration > *parse_duration(range.most))) {
        return fmt::format("{} is out of range; expected {} to {}", text, range.least, range.most);
    }
    return std::nullopt;
}

Complaint check_size(const std::string& text) {
    const Parsed<std::uint64_t> size = parse_size(text);
    return size ? std::nullopt : Complaint(size.problem());
}

Complaint check_choice(const Key& key, const std::string& text) {
    const std::vector<std::string> words = choices_of(key);
    if (std::find(words.begin(), words.end(), text) != words.end()) {
        return std::nullopt;
    }
    if (find_key(fmt::format("{}={}", key.path, text)) != nullptr) {
        return fmt::format("{} is not available in this version; expected {}", quote(text),
                           expectation_of(key));
    }
    return fmt::format("{} is unknown; expected {}{}", quote(text), expectation_of(key),
                       did_you_mean(text, words));
}

// What begins with a digit was meant as a duration.
Complaint check_choice_or_duration(const Key& key, const std::string& text) {
    return !text.empty() && is_digit(text.front()) ? check_duration(key, text) : check_choice(key, text);
}

// librdkafka's interface ends a text at a NUL.
Complaint check_property(const std::string& text) {
    if (find_invalid_utf8(text)) {
        return "not UTF-8 text; expected the property's value as text";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_of(const Key& key, const std::string& text) {
    switch (key.type) {
        case Type::topic:
            return check_topic(text);
        case Type::topic_or_regex:
            return check_topic_or_regex(text);
        case Type::broker:
            return check_broker(text);
        case Type::instance:
            return check_instance(text);
        case Type::boolean:
            return check_boolean(text);
        case Type::integer:
            return check_integer(key, text);
        case Type::integer_or_off:
            return check_integer_or_off(key, text);
        case Type::number:
            return check_number(key, text);
        case Type::duration:
        case Type::backoff:
            return check_duration(key, text);
        case Type::size:
            return check_size(text);
        case Type::choice:
        case Type::choice_or_list:
            return check_choice(key, text);
        case Type::choice_or_duration:
            return check_choice_or_duration(key, text);
        case Type::socket:
            return problem_of_socket(text);
        case Type::loopback_address:
            return problem_of_loopback_address(text);
        case Type::request_path:
            return problem_of_request_path(text);
        case Type::listen:
            return problem_of_listen(text);
        case Type::property:
            return check_property(text);
        default:
            return check_printable(key, text);
    }
}

bool is_name(std::string_view text) {
    const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c); };
    return !text.empty() && text.size() <= 64 && is_first(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_first(c) || c == '.' || c == '_' || c == '-'; });
}

Parsed<std::int64_t> parse_integer(std::string_view text) {
    const bool is_digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    if (is_digits && text.size() > 1 && text.front() == '0') {
        return Problem{
            fmt::format("{} begins with 0; write a whole number without leading zeros", quote(text))};
    }
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (is_digits && code == std::errc::result_out_of_range) {
        return std::numeric_limits<std::int64_t>::max();
    }
    if (!is_digits || code != std::errc{} || end != text.data() + text.size()) {
        return Problem{fmt::format("{} is not a whole number; write one like 4", quote(text))};
    }
    return number;
}

}  // namespace laterd::config
