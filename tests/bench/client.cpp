#include "client.h"

#include <array>
#include <chrono>
#include <stdexcept>

namespace laterd::bench {
namespace {

struct DestroyConf {
    void operator()(rd_kafka_conf_t* conf) const noexcept { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, DestroyConf>;

Conf make_conf(const Settings& settings) {
    Conf conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
            RD_KAFKA_CONF_OK) {
            throw std::runtime_error(why.data());
        }
    }
    return conf;
}

Client make_client(rd_kafka_type_t type, Conf conf) {
    std::array<char, 512> why{};
    Client client(rd_kafka_new(type, conf.get(), why.data(), why.size()));
    if (!client) {
        throw std::runtime_error(why.data());
    }
    static_cast<void>(conf.release());  // the client owns it now
    return client;
}

}  // namespace

Client make_consumer(const Settings& settings) {
    Client consumer = make_client(RD_KAFKA_CONSUMER, make_conf(settings));
    rd_kafka_poll_set_consumer(consumer.get());
    return consumer;
}

Client make_producer(const Settings& settings, Delivered delivered, void* opaque) {
    Conf conf = make_conf(settings);
    rd_kafka_conf_set_opaque(conf.get(), opaque);
    if (delivered != nullptr) {
        rd_kafka_conf_set_dr_msg_cb(conf.get(), delivered);
    }
    return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

Topic open_topic(rd_kafka_t* client, const std::string& name) {
    Topic topic(rd_kafka_topic_new(client, name.c_str(), nullptr));
    if (!topic) {
        check(rd_kafka_last_error(), name.c_str());
    }
    // Without this the first record of each client waits up to a second for the topic's metadata.
    const rd_kafka_metadata_t* metadata = nullptr;
    check(rd_kafka_metadata(client, 0, topic.get(), &metadata, 10'000), "metadata");
    rd_kafka_metadata_destroy(metadata);
    return topic;
}

void subscribe(rd_kafka_t* consumer, const std::string& topic) {
    Partitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    check(rd_kafka_subscribe(consumer, list.get()), "subscribe");
}

std::int32_t partition_count(rd_kafka_t* client, const std::string& topic) {
    const Topic handle = open_topic(client, topic);
    const rd_kafka_metadata_t* metadata = nullptr;
    check(rd_kafka_metadata(client, 0, handle.get(), &metadata, 10'000), "metadata");
    const std::int32_t count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (count == 0) {
        throw std::runtime_error("no topic " + topic);
    }
    return count;
}

Partitions all_partitions(rd_kafka_t* client, const std::string& topic, std::int64_t offset) {
    const std::int32_t count = partition_count(client, topic);
    Partitions list(rd_kafka_topic_partition_list_new(count));
    for (std::int32_t partition = 0; partition < count; ++partition) {
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    }
    return list;
}

rd_kafka_resp_err_t produce(rd_kafka_t* producer, const Outgoing& record) {
    return rd_kafka_producev(producer, RD_KAFKA_VTYPE_RKT, record.topic, RD_KAFKA_VTYPE_PARTITION,
                             record.partition, RD_KAFKA_VTYPE_KEY, record.key, record.key_size,
                             RD_KAFKA_VTYPE_VALUE, record.value, record.value_size, RD_KAFKA_VTYPE_TIMESTAMP,
                             record.timestamp_ms, RD_KAFKA_VTYPE_HEADERS, record.headers,
                             RD_KAFKA_VTYPE_OPAQUE, record.opaque, RD_KAFKA_VTYPE_MSGFLAGS,
                             RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_END);
}

void check(rd_kafka_resp_err_t error, const char* what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(error));
    }
}

void append(Settings& settings, const std::vector<std::string>& assignments) {
    for (const std::string& assignment : assignments) {
        const auto equals = assignment.find('=');
        if (equals == std::string::npos) {
            throw std::runtime_error("\"" + assignment + "\" is not NAME=VALUE");
        }
        settings.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
    }
}

std::int64_t wall_microseconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace laterd::bench
