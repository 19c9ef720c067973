#include "simulation/copy.h"

#include <algorithm>
#include <string>

#include "core/retry_policy.h"
#include "dialect/copy.h"
#include "simulation/violation.h"

namespace laterd::simulation {

using core::DeadLetterForm;
using core::Purpose;

namespace {

// What the headers of a copy weigh, with and without its error.
constexpr std::uint32_t k_headers_whole = 1'200;
constexpr std::uint32_t k_headers_least = 200;

constexpr std::string_view k_topic = "source";
constexpr std::string_view k_error = "what the handler said";

dialect::Marks marks_of(const World::Written& written) {
    dialect::Decoder decoder;
    for (const dialect::Header& header : written.headers) {
        decoder.take(header.name, header.value);
    }
    return decoder.marks();
}

dialect::Origin origin_of(const World& world, const World::Written& written) {
    const Place& place = world.written[written.origin].place;
    return {.topic = k_topic, .partition = world.number(place.partition), .offset = place.offset};
}

}  // namespace

std::uint32_t copy_bytes(std::uint32_t bytes, Purpose purpose, DeadLetterForm form) noexcept {
    const bool has_error = form == DeadLetterForm::whole && purpose != Purpose::wait;
    return (form == DeadLetterForm::without_value ? 0 : bytes) +
           (has_error ? k_headers_whole : k_headers_least);
}

World::Written copy_of(const World& world, const SimulatedRecord& record, core::WallTime written) {
    const World::Written& from = world.written[record.id];
    const std::string reason = core::to_string(record.reason, record.reason_code);
    dialect::Marks marks =
        dialect::marks_of_copy(record, origin_of(world, from), reason, k_error, marks_of(from));
    marks.route = "route";
    World::Written copy{.spec = record.spec,
                        .origin = from.origin,
                        .written = written,
                        .headers = dialect::encode(marks),
                        .attempts = record.attempts,
                        .first_attempt = record.first_attempt};
    copy.spec.has_due = RecordSpec::Due::usable;
    copy.spec.due = record.copy_due;
    if (record.purpose == Purpose::retry) {
        const core::Milliseconds longest = core::longest_delay(world.scenario.options.retry.backoff);
        copy.spec.due = std::min(copy.spec.due, written + longest);
    }
    return copy;
}

void read_copy(const World& world, SimulatedRecord& record) {
    const World::Written& written = world.written[record.id];
    const dialect::Marks marks = marks_of(written);
    const std::size_t partition = record.place.partition;
    dialect::believe(record, record.role, marks, written.written, world.number(partition),
                     core::longest_delay(world.scenario.options.retry.backoff));
    require(marks.origin == origin_of(world, written), "a copy does not know its origin: partition, offset",
            partition, record.offset);
    require(record.attempts == written.attempts, "a copy's attempts: partition, offset, read, made",
            partition, record.offset, record.attempts, written.attempts);
    require(record.attempts == 0 || record.first_attempt <= written.first_attempt,
            "a copy's first attempt is later than it was: partition, offset", partition, record.offset);
    require(record.due == written.spec.due, "a copy is due at another time: partition, offset, ms", partition,
            record.offset, (record.due - written.spec.due).count());
}

}  // namespace laterd::simulation
