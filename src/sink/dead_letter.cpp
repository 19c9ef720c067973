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
    headers.emplace_back("laterd-attempt", record.first_attempt > 0 ? "1" : "0");
    if (record.first_attempt > 0) {
        headers.emplace_back("laterd-first-attempt", std::to_string(record.first_attempt));
    }
    headers.emplace_back("laterd-origin-topic", *record.topic);
    headers.emplace_back("laterd-origin-partition", std::to_string(record.partition));
    headers.emplace_back("laterd-origin-offset", std::to_string(record.offset));
    headers.emplace_back("laterd-origin-timestamp", std::to_string(record.timestamp()));
    headers.emplace_back("laterd-route", route);
    headers.emplace_back("laterd-reason", core::to_string(record.reason));
    if (record.error && !record.error->empty() && record.form == core::DeadLetterForm::whole) {
        headers.emplace_back("laterd-error", cut(*record.error, k_error_most));
    }
    return headers;
}

}  // namespace laterd::sink
