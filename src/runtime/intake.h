// Makes records of what the consumer reads: copies the bytes, and says what the core has to know of each, by the role of
// its topic.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/routing_table.h"
#include "core/record.h"
#include "core/time.h"
#include "kafka/message.h"
#include "kafka/topic_partition.h"
#include "sink/stored_record.h"

namespace laterd::runtime {

class Intake {
  public:
    explicit Intake(const config::Route& route);  // outlives it

    // What this topic is to the route.
    core::Role role(std::string_view topic) const noexcept;

    // How long Kafka keeps the records of a source, by topic: what would have to wait longer there is too far. None for topics
    // that are not among them.
    using Kept = std::map<std::string, core::Milliseconds, std::less<>>;
    void keep(Kept kept);

    // Slot, epoch and `alone` are the caller's. `place` outlives the record.
    std::unique_ptr<sink::StoredRecord> take(const kafka::MessageView& message,
                                             const kafka::TopicPartition& place, core::WallTime now);

  private:
    void judge(const kafka::MessageView& message, sink::StoredRecord& record, core::WallTime now,
               std::optional<core::Milliseconds> kept) const;
    std::optional<core::Milliseconds> kept_in(const kafka::TopicPartition& place);
    std::uint64_t sequence_of(const sink::StoredRecord& record) const noexcept;

    const config::Route& route_;
    const core::Milliseconds longest_;  // no retry record waits longer
    Kept kept_;
    // Records come by the thousand from one partition: what was found for it the last time.
    const kafka::TopicPartition* last_place_ = nullptr;
    std::optional<core::Milliseconds> last_kept_;
};

}  // namespace laterd::runtime
