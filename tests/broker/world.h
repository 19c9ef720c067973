// One embedded broker for the whole executable, and what tests need around a consumer and a producer.
#pragma once

#include "kafka/consumer.h"
#include "kafka/embedded_broker.h"
#include "kafka/producer.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace laterd::testing {

using namespace std::chrono_literals;

// Generous: only a failing test waits so long.
inline constexpr std::chrono::milliseconds k_patience = 20s;

// The embedded broker that tests share; those that take it down use one of their own.
kafka::EmbeddedBroker& shared_broker();

config::Cluster cluster_of(const kafka::EmbeddedBroker& broker);

// A name that no other test has; the topic exists.
std::string fresh_topic(int partitions, kafka::EmbeddedBroker& broker = shared_broker());
std::string fresh_group();

using MaybeText = std::optional<std::string>;

// A record with its bytes, to send and to compare.
struct Record {
    MaybeText key;
    MaybeText value;
    std::vector<std::pair<std::string, MaybeText>> headers;
    std::int64_t timestamp = 0;
    core::Offset offset = -1;  // where it was found
    kafka::TimestampType timestamp_type = kafka::TimestampType::none;
};

// Keeps what a consumer's control queue says.
struct ControlLog : kafka::Consumer::Listener {
    void on_assign(const std::vector<kafka::AssignedPartition>& partitions) override;
    void on_revoke(bool lost) override;
    void on_commit_answer(std::uint64_t id, const std::vector<kafka::CommitResult>& results) override;
    void on_error(kafka::ErrorCode code, std::string_view text, bool fatal) override;
    void on_log(int syslog_level, std::string_view text) override;

    std::optional<std::vector<kafka::AssignedPartition>> assigned;
    std::vector<bool> revoked;  // lost or not
    std::vector<std::pair<std::uint64_t, std::vector<kafka::CommitResult>>> answers;
    std::vector<std::pair<kafka::ErrorCode, bool>> errors;  // code, fatal
    std::vector<std::string> logs;
};

// A consumer that turns its own little loop: it waits for nothing but its two descriptors.
class Reader {
  public:
    struct Options {
        std::vector<std::string> topics;
        std::string group = fresh_group();
        std::uint64_t prefetch_bytes = 1 << 20;
        std::vector<std::string> unwanted;
        std::string instance;
        config::Properties properties;
    };
    explicit Reader(Options options, const config::Cluster& cluster = cluster_of(shared_broker()));

    kafka::Consumer& operator*() { return *consumer_; }
    kafka::Consumer* operator->() { return consumer_.get(); }
    core::Slot slot(const std::string& topic, std::int32_t partition) {
        return consumer_->slot({topic, partition});
    }

    // Turns the loop until `done`; what is read lands in `seen`.
    bool until(const std::function<bool()>& done, std::chrono::milliseconds within = k_patience);
    // Turns it for a while.
    void turn_for(std::chrono::milliseconds time);
    // Until this slot has shown `count` records in all.
    bool until_seen(core::Slot slot, std::size_t count);

    void assign(core::Slot slot, core::Offset offset, bool paused = false);

    struct Seen {
        std::vector<Record> records;
        std::vector<core::Offset> ends;
        std::vector<kafka::ReadError> errors;
    };
    Seen& seen(core::Slot slot) { return seen_[slot]; }
    std::vector<core::Offset> offsets(core::Slot slot);
    // Reads no more than this in one go.
    std::size_t at_once = 100'000;
    ControlLog control;

  private:
    void turn(std::chrono::milliseconds at_most);

    config::Cluster cluster_;
    config::From from_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::map<core::Slot, Seen> seen_;
};

// A producer with the records it was given; it keeps their values alive.
class Writer : kafka::Producer::Listener {
  public:
    struct Options {
        std::uint64_t queue_bytes = 4 << 20;
        bool one_record_per_request = false;
        config::Properties properties;
    };
    Writer() : Writer(Options{}) {}
    explicit Writer(Options options, const config::Cluster& cluster = cluster_of(shared_broker()));
    ~Writer() override;

    kafka::Producer* operator->() { return producer_.get(); }

    kafka::SendResult send(const std::string& topic, std::int32_t partition, Record record);
    // Sends and waits for the acknowledgements; throws when one is an error.
    void fill(const std::string& topic, std::int32_t partition, std::size_t count);
    void write(const std::string& topic, std::int32_t partition, Record record);

    // Serves reports until `count` more have come.
    bool until_reported(std::size_t count, std::chrono::milliseconds within = k_patience);
    void close(std::chrono::milliseconds timeout) { producer_->close(*this, timeout); }

    // In the order of the reports: the number of the record (from 0) and what became of it.
    std::vector<std::pair<std::size_t, kafka::ErrorCode>> reports;

  private:
    void on_report(void* opaque, kafka::ErrorCode error) override;
    void on_error(kafka::ErrorCode, std::string_view, bool) override {}
    void on_log(int, std::string_view) override {}

    config::Cluster cluster_;
    config::Properties properties_;
    std::unique_ptr<kafka::Producer> producer_;
    std::deque<Record> kept_;
};

}  // namespace laterd::testing
