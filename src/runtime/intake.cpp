#include "runtime/intake.h"

#include <functional>
#include <optional>
#include <utility>

#include "core/due_rule.h"
#include "core/retention.h"
#include "core/retry_policy.h"
#include "sink/copy_headers.h"

namespace laterd::runtime {

Intake::Intake(const config::Route& route)
    : route_(route), longest_(core::longest_delay(route.retry.policy.backoff)) {}

core::Role Intake::role(std::string_view topic) const noexcept {
    if (!route_.retry.topic.empty() && topic == route_.retry.topic) {
        return core::Role::retry;
    }
    if (!route_.wait_topic.empty() && topic == route_.wait_topic) {
        return core::Role::waiting;
    }
    return core::Role::source;
}

void Intake::keep(Kept kept) {
    kept_ = std::move(kept);
    last_place_ = nullptr;
}

std::optional<core::Milliseconds> Intake::kept_in(const kafka::TopicPartition& place) {
    if (last_place_ != &place) {
        const auto found = kept_.find(place.topic);
        last_place_ = &place;
        last_kept_ = found != kept_.end() ? std::optional(found->second) : std::nullopt;
    }
    return last_kept_;
}

std::unique_ptr<sink::StoredRecord> Intake::take(const kafka::MessageView& message,
                                                 const kafka::TopicPartition& place, core::WallTime now) {
    const core::Role topic_role = role(place.topic);
    const bool in_order = topic_role == core::Role::source && route_.order == core::Order::partition;
    std::unique_ptr<sink::StoredRecord> record =
        sink::StoredRecord::copy(message, in_order ? sink::Memory::shared : sink::Memory::own);
    record->origin = {.topic = place.topic,
                      .partition = place.partition,
                      .offset = record->offset,
                      .timestamp = record->timestamp()};
    if (topic_role == core::Role::source) {
        judge(message, *record, now, kept_in(place));
    } else {
        sink::read_marks(*record, topic_role, longest_);
    }
    record->sequence = sequence_of(*record);
    return record;
}

void Intake::judge(const kafka::MessageView& message, sink::StoredRecord& record, core::WallTime now,
                   std::optional<core::Milliseconds> kept) const {
    core::DueHeader header;
    if (route_.due.uses_header()) {
        message.for_each_header([&](std::string_view name, std::optional<std::string_view> value) {
            if (name == route_.due.header) {
                header = {.present = true, .null = !value, .value = value.value_or(std::string_view())};
            }
        });
    }
    const std::optional<core::WallTime> timestamp =
        message.timestamp() >= 0 ? std::optional(core::WallTime(core::Milliseconds(message.timestamp())))
                                 : std::nullopt;
    const core::Verdict verdict =
        core::judge(route_.due, header, timestamp, now, core::safe_until(timestamp, kept));
    record.due = verdict.due;
    record.fate = verdict.fate;
    record.reason = verdict.reason;
}

// A record that is retried has left its sequence, also when it came round by the waiting topic. Two sequences that fall on
// the same number only wait for each other.
std::uint64_t Intake::sequence_of(const sink::StoredRecord& record) const noexcept {
    if (!route_.handler || record.attempts > 0 || record.role == core::Role::retry) {
        return 0;
    }
    switch (route_.handler->sequence) {
        case config::Sequence::none:
            return 0;
        case config::Sequence::key:
            return record.key() ? std::hash<std::string_view>()(*record.key()) | 1U : 0;
        case config::Sequence::partition:
            // Twice the number, for the last bit is given away: partitions 0 and 1 do not wait for each other.
            return (std::hash<std::string_view>()(record.origin.topic) +
                    2 * static_cast<std::uint64_t>(record.origin.partition)) |
                   1U;
    }
    return 0;
}

}  // namespace laterd::runtime
