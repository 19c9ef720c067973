// Delivers records to a topic, and dead letters to theirs. One thread owns it; nothing here waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/routing_table.h"
#include "core/pipeline.h"
#include "core/record.h"
#include "kafka/producer.h"
#include "loop/poller.h"
#include "sink/stored_record.h"

namespace laterd::sink {

class TopicSink final : private kafka::Producer::Listener {
  public:
    struct Setup {
        const config::RoutingTable& table;
        const config::Route& route;
        std::string name;           // for client.id
        std::uint64_t queue_bytes;  // of the budget, for unsent records
        loop::Poller& poller;       // outlives the sink
        // A client's error or log line; `fatal` means that the sink is dead.
        std::function<void(std::string_view text, kafka::ErrorCode code, bool fatal)> on_trouble;
    };

    // Throws std::runtime_error for a property that librdkafka refuses.
    explicit TopicSink(Setup setup);
    ~TopicSink() override;

    // The target takes no larger batch than this (its max.message.bytes). A smaller one than before makes a new
    // producer, as soon as the old one has nothing in flight.
    void limit_batches(std::int64_t max_message_bytes);

    // Larger than a batch may be: only compression may make it fit, and it must not take neighbours down with it.
    bool is_oversize(const StoredRecord& record) const noexcept;

    // In order within a partition. The outcome comes through serve, exactly once.
    void deliver(core::RecordPtr record);

    // Moves the outcomes since the last call to the end of `outcomes`.
    void serve(std::vector<core::Outcome>& outcomes);

    // A topic was reported missing since the last call: blocking question for an errand, which makes the producer
    // notice when it comes (back). Empty when there is nothing to ask.
    std::function<void()> take_refresh();

    // A record was refused as too large for its batch since the last call: read the limit again.
    bool take_limit_doubt() noexcept;

    bool is_dead() const noexcept { return dead_; }

  private:
    // A producer and the topic it writes.
    struct Lane {
        std::shared_ptr<kafka::Producer> producer;  // shared with an errand that asks about its topic
        kafka::TopicHandle topic = nullptr;
    };

    Lane& lane_for(const core::Record& record);
    Lane make_lane(const std::string& cluster, const config::Properties& properties, const std::string& topic,
                   bool alone, const char* suffix);
    Lane& open(std::optional<Lane>& lane, bool dead_letter, bool alone);
    void close(std::optional<Lane>& lane);
    void send(core::RecordPtr record);
    void send_pending();
    void finish(core::RecordPtr record, kafka::ErrorCode error);

    void on_report(void* opaque, kafka::ErrorCode error) override;
    void on_error(kafka::ErrorCode code, std::string_view text, bool fatal) override;
    void on_log(int syslog_level, std::string_view text) override;

    const Setup setup_;
    const config::Properties no_properties_;
    std::optional<Lane> target_;
    std::optional<Lane> target_alone_;
    std::optional<Lane> dead_letters_;
    std::optional<Lane> dead_letters_alone_;
    std::uint64_t batch_bytes_;
    std::deque<core::RecordPtr> pending_;  // not taken by a producer yet
    std::vector<core::Outcome> outcomes_;
    bool switching_ = false;  // waits for the target's producer to be empty, then makes a new one
    bool target_missing_ = false;
    bool dead_letters_missing_ = false;
    bool limit_doubt_ = false;
    bool dead_ = false;
};

}  // namespace laterd::sink
