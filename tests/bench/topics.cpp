#include "topics.h"

#include "client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

namespace laterd::bench {
namespace {

struct DestroyEvent {
    void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
struct DestroyNewTopic {
    void operator()(rd_kafka_NewTopic_t* topic) const noexcept { rd_kafka_NewTopic_destroy(topic); }
};
struct DestroyDeleteTopic {
    void operator()(rd_kafka_DeleteTopic_t* topic) const noexcept { rd_kafka_DeleteTopic_destroy(topic); }
};
using Event = std::unique_ptr<rd_kafka_event_t, DestroyEvent>;

Event answer_of(rd_kafka_queue_t* queue) {
    Event event(rd_kafka_queue_poll(queue, 30'000));
    if (!event) {
        throw std::runtime_error("the broker does not answer");
    }
    check(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
    return event;
}

void check_all(const rd_kafka_topic_result_t** results, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        check(rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_name(results[i]));
    }
}

bool is_known(rd_kafka_t* client, rd_kafka_topic_t* topic, int partitions) {
    const rd_kafka_metadata_t* metadata = nullptr;
    check(rd_kafka_metadata(client, 0, topic, &metadata, 10'000), "metadata");
    const bool known = metadata->topics[0].partition_cnt == partitions;
    rd_kafka_metadata_destroy(metadata);
    return known;
}

bool is_led(rd_kafka_t* client, const NewTopic& topic) {
    const Partitions ends = all_partitions(client, topic.name, RD_KAFKA_OFFSET_END);
    if (rd_kafka_offsets_for_times(client, ends.get(), 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return false;
    }
    return std::all_of(ends->elems, ends->elems + ends->cnt,
                       [](const auto& partition) { return partition.err == RD_KAFKA_RESP_ERR_NO_ERROR; });
}

// The controller answers first, the metadata follow, and the leaders answer last. Before that an idempotent producer may
// lose a record: its first request fails, its second one succeeds and librdkafka takes both for stored.
void wait_until_there(rd_kafka_t* client, const NewTopic& topic) {
    const Topic handle(rd_kafka_topic_new(client, topic.name.c_str(), nullptr));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!is_known(client, handle.get(), topic.partitions) || !is_led(client, topic)) {
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error(topic.name + " has no leaders");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

}  // namespace

void create_topic(const NewTopic& topic) {
    const Client client = make_producer({{"bootstrap.servers", topic.brokers}});
    const Queue queue(rd_kafka_queue_new(client.get()));
    std::array<char, 256> why{};
    const std::unique_ptr<rd_kafka_NewTopic_t, DestroyNewTopic> wanted(
        rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, 1, why.data(), why.size()));
    if (!wanted) {
        throw std::runtime_error(why.data());
    }
    Settings configs;
    append(configs, topic.configs);
    for (const auto& [name, value] : configs) {
        check(rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str()), name.c_str());
    }
    std::array<rd_kafka_NewTopic_t*, 1> list{wanted.get()};
    rd_kafka_CreateTopics(client.get(), list.data(), list.size(), nullptr, queue.get());
    const Event event = answer_of(queue.get());
    std::size_t count = 0;
    check_all(rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count),
              count);
    wait_until_there(client.get(), topic);
}

void delete_topic(const std::string& brokers, const std::string& name) {
    const Client client = make_producer({{"bootstrap.servers", brokers}});
    const Queue queue(rd_kafka_queue_new(client.get()));
    const std::unique_ptr<rd_kafka_DeleteTopic_t, DestroyDeleteTopic> doomed(
        rd_kafka_DeleteTopic_new(name.c_str()));
    std::array<rd_kafka_DeleteTopic_t*, 1> list{doomed.get()};
    rd_kafka_DeleteTopics(client.get(), list.data(), list.size(), nullptr, queue.get());
    const Event event = answer_of(queue.get());
    std::size_t count = 0;
    check_all(rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count),
              count);
}

}  // namespace laterd::bench
