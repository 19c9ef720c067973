// Makes records of what the consumer reads: copies the bytes, and says what the core has to know of each, by the role of
// its topic.
#pragma once

#include <cstdint>
#include <memory>
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

    // Slot, epoch and `alone` are the caller's. `place` outlives the record.
    std::unique_ptr<sink::StoredRecord> take(const kafka::MessageView& message,
                                             const kafka::TopicPartition& place, core::WallTime now) const;

  private:
    void judge(const kafka::MessageView& message, sink::StoredRecord& record, core::WallTime now) const;
    std::uint64_t sequence_of(const sink::StoredRecord& record) const noexcept;

    const config::Route& route_;
    const core::Milliseconds longest_;  // no retry record waits longer
};

}  // namespace laterd::runtime
