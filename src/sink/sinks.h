// Where the records of a route go: its target or its handler, and the writer of its copies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"
#include "core/pipeline.h"
#include "core/record.h"
#include "loop/poller.h"
#include "sink/copies.h"
#include "sink/handler_sink.h"
#include "sink/topic_sink.h"

namespace laterd::sink {

class Sinks {
  public:
    struct Setup {
        const config::RoutingTable& table;
        const config::Route& route;
        std::string name;           // for client.id
        std::uint64_t queue_bytes;  // of the budget, for the unsent records of each producer
        loop::Poller& poller;       // outlives the sinks
        OnTrouble on_trouble;       // fatal: the sinks are dead
    };

    // Throws std::runtime_error for a property that librdkafka refuses.
    explicit Sinks(const Setup& setup);

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
