// Delivers records to a topic. One thread owns it; nothing here waits.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/pipeline.h"
#include "core/record.h"
#include "sink/lane.h"
#include "sink/sink_setup.h"
#include "sink/stored_record.h"

namespace laterd::sink {

class TopicSink {
  public:
    // Throws std::runtime_error for a property that librdkafka refuses.
    explicit TopicSink(const SinkSetup& setup);

    // The target takes no larger batch than this (its max.message.bytes). A smaller one than before makes a new
    // producer, as soon as the old one has nothing in flight.
    void limit_batches(std::int64_t max_message_bytes);

    // Larger than a batch may be: only compression may make it fit, and it must not take neighbours down with it.
    bool is_oversize(const StoredRecord& record) const noexcept;

    // A record of purpose `deliver`. In order within a partition. The outcome comes through serve, exactly once.
    void deliver(core::RecordPtr record) { target_.deliver(std::move(record)); }

    // Moves the outcomes since the last call to the end of `outcomes`.
    void serve(std::vector<core::Outcome>& outcomes) { target_.serve(outcomes); }

    // The target was reported missing since the last call: blocking question for an errand, which makes the producer
    // notice when it comes (back). Empty when there is nothing to ask.
    std::function<void()> take_refresh() { return target_.take_refresh(); }

    // A record was refused as too large for its batch since the last call: read the limit again.
    bool take_limit_doubt() noexcept { return target_.take_limit_doubt(); }

  private:
    Lane target_;
};

}  // namespace laterd::sink
