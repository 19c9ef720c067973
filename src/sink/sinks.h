// Where the records of a route go: its target or its handler, and the writer of its copies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/pipeline.h"
#include "core/record.h"
#include "sink/copies.h"
#include "sink/handler_sink.h"
#include "sink/sink_setup.h"
#include "sink/topic_sink.h"

namespace laterd::sink {

class Sinks {
  public:
    // Throws std::runtime_error for a property that librdkafka refuses.
    explicit Sinks(const SinkSetup& setup);

    // By the record's purpose. The outcome comes through serve, exactly once.
    void deliver(core::RecordPtr record, const core::Now& now);

    // Moves the outcomes since the last call to the end of `outcomes`. Call it after every wait of the poller, and at
    // `wake_at` at the latest.
    void serve(const core::Now& now, std::vector<core::Outcome>& outcomes);
    std::optional<core::SteadyTime> wake_at() const noexcept;

    // See TopicSink; a handler takes everything.
    bool is_oversize(const StoredRecord& record) const noexcept;
    void limit_batches(std::int64_t max_message_bytes);
    bool take_limit_doubt() noexcept;

    // Topics were reported missing since the last call: blocking questions for an errand, which make the producers notice
    // when they come (back). Empty when there is nothing to ask.
    std::function<void()> take_refresh();

  private:
    std::optional<TopicSink> target_;
    std::optional<HandlerSink> handler_;
    Copies copies_;
};

}  // namespace laterd::sink
