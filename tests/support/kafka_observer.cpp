#include "support/kafka_observer.h"

#include <stdexcept>

#include "support/await.h"

namespace laterd::support {

using namespace std::chrono_literals;

namespace {

Properties with_defaults(const std::string& bootstrap, const Properties& properties) {
    Properties all = {{"bootstrap.servers", bootstrap},      {"group.id", "observer"},
                      {"enable.auto.commit", "false"},       {"auto.offset.reset", "earliest"},
                      {"isolation.level", "read_committed"}, {"fetch.wait.max.ms", "50"}};
    for (const auto& [name, value] : properties) {
        all[name] = value;
    }
    return all;
}

Bytes bytes(const void* data, std::size_t size) {
    return data == nullptr ? Bytes() : Bytes(std::string(static_cast<const char*>(data), size));
}

std::vector<Header> headers_of(const rd_kafka_message_t& message) {
    std::vector<Header> all;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return all;
    }
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        all.push_back({name, bytes(value, size)});
    }
    return all;
}

}  // namespace

Observer::Observer(const std::string& bootstrap, const std::vector<std::string>& topics,
                   const Properties& properties)
    : client_(RD_KAFKA_CONSUMER, with_defaults(bootstrap, properties)) {
    rd_kafka_poll_set_consumer(client_.get());
    assign(topics);
    thread_ = std::thread([this] { watch(); });
}

Observer::~Observer() {
    is_ending_ = true;
    thread_.join();
    // What is still queued for a partition that has been deleted would keep librdkafka before 2.6.1 from ending.
    rd_kafka_assign(client_.get(), nullptr);
    while (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), 0)) {
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(client_.get());
}

std::vector<TestRecord> Observer::records() const {
    const std::lock_guard lock(mutex_);
    return records_;
}

std::vector<TestRecord> Observer::records(const std::string& topic) const {
    std::vector<TestRecord> some;
    const std::lock_guard lock(mutex_);
    for (const TestRecord& record : records_) {
        if (record.topic == topic) {
            some.push_back(record);
        }
    }
    return some;
}

std::size_t Observer::count() const {
    const std::lock_guard lock(mutex_);
    return records_.size();
}

std::size_t Observer::distinct() const {
    const std::lock_guard lock(mutex_);
    return ids_.size();
}

bool Observer::await_count(std::size_t count, std::chrono::milliseconds within) const {
    return eventually(within, [&] { return this->count() >= count; });
}

bool Observer::await_distinct(std::size_t count, std::chrono::milliseconds within) const {
    return eventually(within, [&] { return distinct() >= count; });
}

void Observer::assign(const std::vector<std::string>& topics) {
    rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(16);
    for (const std::string& topic : topics) {
        // The other one of two nodes learns of a topic a moment after the one that was asked to create it.
        int partitions = 0;
        if (!eventually(30s, [&] { return (partitions = partitions_of(topic)) > 0; })) {
            throw std::runtime_error("the observer does not find topic " + topic);
        }
        for (int partition = 0; partition < partitions; ++partition) {
            rd_kafka_topic_partition_list_add(all, topic.c_str(), partition)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
        }
    }
    rd_kafka_assign(client_.get(), all);
    rd_kafka_topic_partition_list_destroy(all);
}

int Observer::partitions_of(const std::string& topic) {
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_topic_t* handle = rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr);
    const rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 0, handle, &metadata, 5'000);
    rd_kafka_topic_destroy(handle);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    const int partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return partitions;
}

void Observer::watch() {
    while (!is_ending_) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), 50);
        if (message == nullptr) {
            continue;
        }
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            keep(*message);
        }
        rd_kafka_message_destroy(message);
    }
}

void Observer::keep(const rd_kafka_message_t& message) {
    TestRecord record;
    record.arrived_ms = wall_ms();
    record.topic = rd_kafka_topic_name(message.rkt);
    record.partition = message.partition;
    record.offset = message.offset;
    record.key = bytes(message.key, message.key_len);
    record.value = bytes(message.payload, message.len);
    record.headers = headers_of(message);
    rd_kafka_timestamp_type_t type{};
    record.timestamp = rd_kafka_message_timestamp(&message, &type);
    record.is_log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    const std::lock_guard lock(mutex_);
    ids_.insert(record.id());
    records_.push_back(std::move(record));
}

}  // namespace laterd::support
