// Questions to a cluster: is it there, what are its topics like. Every call blocks up to its timeout.
#pragma once

#include "kafka/errors.h"
#include "kafka/properties.h"
#include "kafka/trouble.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct rd_kafka_s;

namespace laterd::kafka {

struct ClusterFacts {
    bool reachable = false;
    bool authorised = true;  // false: it answered, and TLS or SASL could not be agreed on
    int brokers = 0;
    std::string error;  // why it is not reachable, in librdkafka's words
    Trouble trouble;    // the same in laterd's
};

struct TopicFacts {
    enum class State : std::uint8_t { exists, missing, not_authorised, unknown };
    State state = State::unknown;
    std::int32_t partitions = 0;
    std::string error;  // for `unknown` and `not_authorised`
    Trouble trouble;    // the same
    // nullopt: not known (describing configs is not allowed, or the broker cannot).
    std::optional<std::int64_t> max_message_bytes;
    std::optional<std::int64_t> retention_ms;             // -1: for ever
    std::optional<std::int64_t> retention_bytes;          // -1: any size
    std::optional<bool> compacted;                        // cleanup.policy has `compact`
    std::optional<bool> deletes;                          // cleanup.policy has `delete`
    std::optional<bool> log_append_time;                  // message.timestamp.type
    std::optional<std::int64_t> timestamp_before_max_ms;  // older ones are refused
};

class Admin {
  public:
    // Throws std::runtime_error for a property that librdkafka refuses.
    explicit Admin(const AdminSettings& settings);
    ~Admin();
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;

    ClusterFacts cluster(std::chrono::milliseconds timeout);

    // State and partition count, and what may be known of its configuration.
    TopicFacts topic(const std::string& name, std::chrono::milliseconds timeout);

    // The names of all topics that this client may see; nullopt when there was no answer.
    std::optional<std::vector<std::string>> topics(std::chrono::milliseconds timeout);

    // Whether the client may use this group; nullopt when there was no answer.
    std::optional<bool> may_use_group(const std::string& group, std::chrono::milliseconds timeout);

  private:
    bool has_controller(std::chrono::milliseconds timeout);
    void describe(TopicFacts& facts, const std::string& name, std::chrono::milliseconds timeout);

    rd_kafka_s* client_ = nullptr;
    std::optional<bool> has_controller_;  // once somebody has answered
};

}  // namespace laterd::kafka
