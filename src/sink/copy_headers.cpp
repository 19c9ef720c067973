#include "sink/copy_headers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/reason.h"
#include "dialect/copy.h"

namespace laterd::sink {

namespace {

dialect::Marks own_marks(const StoredRecord& record) noexcept {
    dialect::Decoder decoder;
    record.for_each_header(
        [&](std::string_view name, std::optional<std::string_view> value) { decoder.take(name, value); });
    return decoder.marks();
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

}  // namespace

kafka::Headers delivered_headers(const StoredRecord& record) {
    return headers_of(record, record.role == core::Role::source, {});
}

kafka::Headers copy_headers(const StoredRecord& record, std::string_view route) {
    const std::string reason = record.reason == core::Reason::none
                                   ? std::string()
                                   : core::to_string(record.reason, record.reason_code);
    const bool goes_round_again = record.purpose == core::Purpose::wait && record.role != core::Role::source;
    dialect::Marks marks = dialect::marks_of_copy(
        record, record.origin, reason, record.error ? std::string_view(*record.error) : std::string_view(),
        goes_round_again ? own_marks(record) : dialect::Marks());
    marks.route = route;
    return headers_of(record, false, dialect::encode(marks));
}

void read_marks(StoredRecord& record, core::Role role, core::Milliseconds longest) noexcept {
    record.role = role;
    const dialect::Marks marks = own_marks(record);
    dialect::believe(record, role, marks, written_at(record), record.origin.partition, longest);
    if (marks.origin) {
        record.origin = *marks.origin;
    }
}

}  // namespace laterd::sink
