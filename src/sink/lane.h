// One topic that is written: a producer that batches, and another one that sends each record alone in its request. One
// thread owns it; nothing here waits.
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

// A client's error or log line; `fatal` means that the lane is dead.
using OnTrouble = std::function<void(const config::Cluster& cluster, std::string_view text,
                                     kafka::ErrorCode code, bool fatal)>;

// What is written of a record besides its key.
struct Content {
    kafka::Headers headers;
    std::optional<std::string_view> value;  // of the record's own bytes; nullopt is null
    std::int32_t partition = -1;            // -1: the one the key asks for
    std::int64_t timestamp = 0;             // Unix milliseconds; 0: the time of sending
};

class Lane final : private kafka::Producer::Listener {
  public:
    struct Setup {
        const config::Cluster& cluster;        // outlives the lane, as do the properties and the poller
        const config::Properties& properties;  // of its producers
        std::string topic;
        std::string name;           // for client.id
        std::uint64_t queue_bytes;  // of the budget, for the unsent records of each producer
        loop::Poller& poller;
        std::function<Content(const StoredRecord& record)> write;
        OnTrouble on_trouble;
    };

    // Producers are made when the first record needs them.
    explicit Lane(Setup setup);
    ~Lane() override;

    // Makes the producer that batches. Throws std::runtime_error for a property that librdkafka refuses.
    void open();

    // As soon as nothing is in flight, the producer that batches makes batches of at most this size.
    void limit_batches(std::uint64_t bytes);
    std::uint64_t batch_bytes() const noexcept { return batch_bytes_; }

    // In order, except for records that go alone. The outcome comes through serve, exactly once.
    void deliver(core::RecordPtr record);

    // Moves the outcomes since the last call to the end of `outcomes`.
    void serve(std::vector<core::Outcome>& outcomes);

    // The topic was reported missing since the last call: blocking question for an errand, which makes the producers
    // notice when it comes (back). Empty when there is nothing to ask.
    std::function<void()> take_refresh();

    // A record was refused as too large for its batch since the last call.
    bool take_limit_doubt() noexcept;

  private:
    // A producer and its handle of the topic.
    struct Writer {
        std::shared_ptr<kafka::Producer> producer;  // shared with an errand that asks about its topic
        kafka::TopicHandle topic = nullptr;
    };

    Writer& writer_for(const core::Record& record);
    Writer& open(std::optional<Writer>& writer, bool alone);
    void close(std::optional<Writer>& writer);
    void send(core::RecordPtr record);
    void send_pending();
    void finish(core::RecordPtr record, kafka::ErrorCode error);

    void on_report(void* opaque, kafka::ErrorCode error) override;
    void on_error(kafka::ErrorCode code, std::string_view text, bool fatal) override;
    void on_log(int syslog_level, std::string_view text) override;

    const Setup setup_;
    std::optional<Writer> batching_;
    std::optional<Writer> alone_;
    std::uint64_t batch_bytes_;
    std::deque<core::RecordPtr> pending_;  // not taken by a producer yet
    std::vector<core::Outcome> outcomes_;
    bool switching_ = false;  // waits for the batching producer to be empty, then makes a new one
    bool missing_ = false;
    bool limit_doubt_ = false;
};

}  // namespace laterd::sink
