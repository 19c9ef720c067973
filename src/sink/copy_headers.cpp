#include "sink/copy_headers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/lap.h"
#include "core/reason.h"
#include "dialect/laterd.h"

namespace laterd::sink {

namespace {

dialect::Marks own_marks(const StoredRecord& record) noexcept {
    dialect::Decoder decoder;
    record.for_each_header(
        [&](std::string_view name, std::optional<std::string_view> value) { decoder.take(name, value); });
    return decoder.marks();
}

// `reason` and `error` are what has just happened to the record.
dialect::Marks marks_of_copy(const StoredRecord& record, std::string_view reason, std::string_view error) {
    dialect::Marks marks{.origin = record.origin, .reason = reason, .error = error};
    if (record.purpose == core::Purpose::wait) {
        marks.reason = marks.error = {};
        if (record.role != core::Role::source) {
            const dialect::Marks before = own_marks(record);
            marks.reason = before.reason;
            marks.error = before.error;
        }
    }
    if (record.purpose != core::Purpose::dead_letter) {
        marks.due = record.copy_due;
    }
    if (record.attempts > 0 || record.purpose != core::Purpose::wait) {
        marks.attempts = record.attempts;
    }
    if (record.attempts > 0) {
        marks.first_attempt = record.first_attempt;
    }
    if (record.form != core::DeadLetterForm::whole) {
        marks.error = {};
    }
    return marks;
}

kafka::Headers headers_of(const StoredRecord& record, bool with_own,
                          const std::vector<dialect::Header>& added) {
    if (record.header_count() + added.size() == 0) {
        return {};
    }
    kafka::Headers headers(record.header_count() + added.size());
    record.for_each_header([&](std::string_view name, std::optional<std::string_view> value) {
        if (with_own || !dialect::is_own_header(name)) {
            headers.add(name, value);
        }
    });
    for (const dialect::Header& header : added) {
        headers.add(header.name, std::string_view(header.value));
    }
    return headers;
}

// When its copy was written; timestamps are a producer's to choose.
core::WallTime written_at(const StoredRecord& record) noexcept {
    const core::WallTime written{core::Milliseconds(record.timestamp())};
    return std::clamp(written, core::WallTime(), dialect::k_calendar_end);
}

// A partition that laterd does not write to keeps nothing.
core::Milliseconds lap_of(std::int32_t partition) noexcept {
    return partition < core::k_laps_most ? core::lap_length(partition) : core::Milliseconds(0);
}

}  // namespace

kafka::Headers delivered_headers(const StoredRecord& record) {
    return headers_of(record, record.role == core::Role::source, {});
}

kafka::Headers copy_headers(const StoredRecord& record, std::string_view route) {
    const std::string reason = record.reason == core::Reason::none
                                   ? std::string()
                                   : core::to_string(record.reason, record.reason_code);
    dialect::Marks marks =
        marks_of_copy(record, reason, record.error ? std::string_view(*record.error) : std::string_view());
    marks.route = route;
    return headers_of(record, false, dialect::encode(marks));
}

void read_marks(StoredRecord& record, core::Role role, core::Milliseconds longest) noexcept {
    record.role = role;
    const dialect::Marks marks = own_marks(record);
    const core::WallTime written = written_at(record);
    record.attempts = marks.attempts.value_or(0);
    record.first_attempt = dialect::first_attempt_of(marks, written);
    if (role == core::Role::waiting) {
        record.due = dialect::due_on_waiting(marks);
        // Without an instant to wait for, the lap is none either.
        record.lap_end = std::min(written + lap_of(record.origin.partition), record.due);
    } else {
        record.due = dialect::due_on_retry(marks, written, longest);
    }
    if (marks.origin) {
        record.origin = *marks.origin;
    }
}

}  // namespace laterd::sink
