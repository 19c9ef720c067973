// An idempotent producer that does not copy values: what it was handed stays the caller's until it is
// reported.
//
// One thread owns it; only the calls under "blocking" may be made from another thread at the same time.
#pragma once

#include "kafka/errors.h"
#include "kafka/headers.h"
#include "kafka/properties.h"
#include "kafka/topic_state.h"
#include "loop/wakeup.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

struct rd_kafka_s;
struct rd_kafka_op_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;

namespace laterd::kafka {

// A topic to send to. Belongs to its producer.
using TopicHandle = rd_kafka_topic_s*;

struct Outgoing {
    TopicHandle topic = nullptr;
    std::int32_t partition = -1;          // -1: the one the key asks for (murmur2; a null key: sticky random)
    std::optional<std::string_view> key;  // copied; nullopt is null
    std::optional<std::string_view> value;  // NOT copied: alive and unchanged until reported; nullopt is null
    std::int64_t timestamp = 0;             // Unix ms; 0: the time of sending (librdkafka has no other zero)
    void* opaque = nullptr;                 // comes back with the report
};

struct SendResult {
    enum class Kind : std::uint8_t {
        accepted,  // there will be a report
        full,      // librdkafka's queue is full: try again after some reports
        refused,   // `error`; no report
    };
    Kind kind;
    ErrorCode error = 0;
};

class Producer {
  public:
    // What serve reports. None may throw.
    class Listener {
      public:
        virtual ~Listener() = default;
        // `error` 0: acknowledged by all in-sync replicas.
        virtual void on_report(void* opaque, ErrorCode error) = 0;
        // `fatal`: the client is dead and has to be replaced. Others are for information.
        virtual void on_error(ErrorCode code, std::string_view text, bool fatal) = 0;
        virtual void on_log(int syslog_level, std::string_view text) = 0;
    };

    // Connects in the background. Throws std::runtime_error for a property that librdkafka refuses.
    explicit Producer(const ProducerSettings& settings);
    // Whatever was not reported by then never will be: close() before.
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // The same handle for the same name; asks the cluster about the topic in the background.
    TopicHandle topic(const std::string& name);

    // Headers are taken over when the record is accepted, and stay the caller's otherwise. A topic that does not exist
    // or refused the client is refused here from then on, until refresh() or, at the latest, the metadata of half a
    // minute later know better.
    SendResult send(const Outgoing& record, Headers& headers);

    int fd() const noexcept { return signal_.fd(); }
    // Call it when fd() is readable. Reports come in batches.
    void serve(Listener& listener);

    // Accepted and not reported.
    std::size_t in_flight() const noexcept { return in_flight_; }

    // Gives up what was not handed to the network yet; it is reported (as not sent) by the next serve().
    void purge_unsent() noexcept;

    // Why the client is dead; nullopt while it is not.
    std::optional<std::string> fatal_error() const;

    // Gives up everything and reports it, in at most `timeout`. The record of a request in flight may arrive
    // all the same.
    void close(Listener& listener, std::chrono::milliseconds timeout);

    // --- blocking: from the errand thread, while the producer lives ---
    // Asks the cluster, and makes the producer notice a topic that has come (back).
    TopicState refresh(TopicHandle topic, std::chrono::milliseconds timeout) const;

  private:
    void handle(Listener& listener, rd_kafka_op_s* event);

    loop::Wakeup signal_;
    rd_kafka_s* client_ = nullptr;
    rd_kafka_queue_s* queue_ = nullptr;
    std::map<std::string, TopicHandle> topics_;
    std::size_t in_flight_ = 0;
};

}  // namespace laterd::kafka
