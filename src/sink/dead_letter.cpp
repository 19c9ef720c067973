#include "sink/dead_letter.h"

#include <algorithm>
#include <array>

namespace laterd::sink {

namespace {

constexpr std::size_t k_error_most = 1'024;

constexpr std::array<std::string_view, 10> k_own{
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

// At most `most` bytes, not ending inside a UTF-8 sequence.
std::string cut(std::string_view text, std::size_t most) {
    if (text.size() > most) {
        while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) {
            --most;
        }
        text = text.substr(0, most);
    }
    return std::string(text);
}

}  // namespace

bool is_own_header(std::string_view name) noexcept {
    return name.starts_with("laterd-") && std::find(k_own.begin(), k_own.end(), name) != k_own.end();
}

Headers dead_letter_headers(const StoredRecord& record, std::string_view route) {
    Headers headers;
    headers.emplace_back("laterd-attempt", std::to_string(record.attempts));
    if (record.attempts > 0) {
        headers.emplace_back("laterd-first-attempt",
                             std::to_string(record.first_attempt.time_since_epoch().count()));
    }
    headers.emplace_back("laterd-origin-topic", record.origin.topic);
    headers.emplace_back("laterd-origin-partition", std::to_string(record.origin.partition));
    headers.emplace_back("laterd-origin-offset", std::to_string(record.origin.offset));
    headers.emplace_back("laterd-origin-timestamp", std::to_string(record.origin.timestamp));
    headers.emplace_back("laterd-route", route);
    headers.emplace_back("laterd-reason", core::to_string(record.reason, record.reason_code));
    if (record.error && !record.error->empty() && record.form == core::DeadLetterForm::whole) {
        headers.emplace_back("laterd-error", cut(*record.error, k_error_most));
    }
    return headers;
}

}  // namespace laterd::sink
