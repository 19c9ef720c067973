// What a cluster's metadata say about one topic.
#pragma once

#include "kafka/errors.h"

#include <chrono>
#include <cstdint>
#include <string>

struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace laterd::kafka {

struct TopicState {
    bool known = false;  // false: no answer
    bool exists = false;
    std::int32_t partitions = 0;
    ErrorCode error = 0;  // why it is not known or does not exist
};

// Asks, and makes the client notice a topic that has come (back). Blocks.
TopicState topic_state(rd_kafka_s* client, rd_kafka_topic_s* topic, std::chrono::milliseconds timeout);
TopicState topic_state(rd_kafka_s* client, const std::string& topic, std::chrono::milliseconds timeout);

}  // namespace laterd::kafka
