#include "dialect/copy.h"

#include <algorithm>

#include "core/lap.h"

namespace laterd::dialect {

namespace {

// A partition that laterd does not write to keeps nothing.
core::Milliseconds lap_of(std::int32_t partition) noexcept {
    return partition < core::k_laps_most ? core::lap_length(partition) : core::Milliseconds(0);
}

}  // namespace

Marks marks_of_copy(const core::Record& record, const Origin& origin, std::string_view reason,
                    std::string_view error, const Marks& before) {
    Marks marks{.origin = origin, .reason = reason, .error = error};
    if (record.purpose == core::Purpose::wait) {
        marks.reason = before.reason;
        marks.error = before.error;
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

void believe(core::Record& record, core::Role role, const Marks& marks, core::WallTime written,
             std::int32_t partition, core::Milliseconds longest) noexcept {
    record.attempts = marks.attempts.value_or(0);
    record.first_attempt = first_attempt_of(marks, written);
    if (role == core::Role::waiting) {
        record.due = due_on_waiting(marks);
        // Without an instant to wait for, the lap is none either.
        record.lap_end = std::min(written + lap_of(partition), record.due);
    } else {
        record.due = due_on_retry(marks, written, longest);
    }
}

}  // namespace laterd::dialect
