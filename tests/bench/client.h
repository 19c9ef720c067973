// A librdkafka client of the bench: ownership and settings, nothing that costs time on the path of a record.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace laterd::bench {

using Settings = std::vector<std::pair<std::string, std::string>>;

struct DestroyClient {
    void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};
struct DestroyTopic {
    void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
};
struct DestroyQueue {
    void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
};
struct DestroyPartitions {
    void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
        rd_kafka_topic_partition_list_destroy(list);
    }
};
using Client = std::unique_ptr<rd_kafka_t, DestroyClient>;
using Topic = std::unique_ptr<rd_kafka_topic_t, DestroyTopic>;
using Queue = std::unique_ptr<rd_kafka_queue_t, DestroyQueue>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions>;

using Delivered = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

// All of these throw std::runtime_error with librdkafka's words when something is wrong.
Client make_consumer(const Settings& settings);
Client make_producer(const Settings& settings, Delivered delivered = nullptr, void* opaque = nullptr);
Topic open_topic(rd_kafka_t* client, const std::string& name);
void subscribe(rd_kafka_t* consumer, const std::string& topic);
std::int32_t partition_count(rd_kafka_t* client, const std::string& topic);

// One entry per partition of the topic, each at `offset`.
Partitions all_partitions(rd_kafka_t* client, const std::string& topic, std::int64_t offset);

// A record to produce; key and value are copied.
struct Outgoing {
    rd_kafka_topic_t* topic;
    std::int32_t partition = RD_KAFKA_PARTITION_UA;
    const void* key = nullptr;
    std::size_t key_size = 0;
    const void* value = nullptr;
    std::size_t value_size = 0;
    std::int64_t timestamp_ms = 0;          // 0: now
    rd_kafka_headers_t* headers = nullptr;  // owned by librdkafka on success, else still the caller's
    void* opaque = nullptr;
};
rd_kafka_resp_err_t produce(rd_kafka_t* producer, const Outgoing& record);

void check(rd_kafka_resp_err_t error, const char* what);

// Appends the settings of the command line (NAME=VALUE), which win over earlier ones.
void append(Settings& settings, const std::vector<std::string>& assignments);

std::int64_t wall_microseconds();

}  // namespace laterd::bench
