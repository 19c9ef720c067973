// What an operator does to a cluster: topics, their settings, ends of logs, groups, access. Every call waits for the
// answer and throws std::runtime_error when it is an error.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "support/kafka_client.h"

namespace laterd::support {

class KafkaAdmin {
  public:
    explicit KafkaAdmin(const std::string& bootstrap);

    // Returns when the brokers know the topic.
    void create_topic(const std::string& topic, int partitions = 1, const Properties& settings = {});
    // Returns when the topic is gone from the metadata.
    void delete_topic(const std::string& topic);
    void set_partitions(const std::string& topic, int partitions);
    // Replaces all of the topic's own settings; returns when a broker tells of these.
    void set_topic(const std::string& topic, const Properties& settings);
    // Everything below `before` goes.
    void delete_records(const std::string& topic, std::int32_t partition, std::int64_t before);

    std::int64_t log_start(const std::string& topic, std::int32_t partition);
    std::int64_t log_end(const std::string& topic, std::int32_t partition);
    int partitions(const std::string& topic);  // 0 when there is no such topic

    // Nothing when the group has committed none.
    std::optional<std::int64_t> committed(const std::string& group, const std::string& topic,
                                          std::int32_t partition);
    void set_committed(const std::string& group, const std::string& topic, std::int32_t partition,
                       std::int64_t offset);
    // How many members a stable group has; 0 while it is none or not stable.
    int members(const std::string& group);
    // The id of the node that coordinates the group.
    int coordinator(const std::string& group);

    // Forbids a user an operation on a topic, and with it every other that is not allowed by name.
    void deny(const std::string& user, rd_kafka_AclOperation_t operation, const std::string& topic,
              rd_kafka_ResourceType_t resource = RD_KAFKA_RESOURCE_TOPIC);
    // Allows a user whatever is not forbidden by name.
    void allow(const std::string& user, const std::string& topic);
    // Takes back all that was forbidden or allowed on the topic or group.
    void allow_again(const std::string& name, rd_kafka_ResourceType_t resource = RD_KAFKA_RESOURCE_TOPIC);

  private:
    struct Watermarks {
        std::int64_t low;
        std::int64_t high;
    };
    Watermarks watermarks(const std::string& topic, std::int32_t partition);

    rd_kafka_t* group_client(const std::string& group);
    void rule(const std::string& user, rd_kafka_AclOperation_t operation,
              rd_kafka_AclPermissionType_t permission, const std::string& topic,
              rd_kafka_ResourceType_t resource);

    std::string bootstrap_;
    KafkaClient client_;
    std::map<std::string, std::unique_ptr<KafkaClient>> group_clients_;
};

}  // namespace laterd::support
