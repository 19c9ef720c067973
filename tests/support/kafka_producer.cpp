#include "support/kafka_producer.h"

#include <stdexcept>
#include <utility>

namespace laterd::support {

namespace {

Properties with_defaults(const std::string& bootstrap, const Properties& properties) {
    Properties all = {{"bootstrap.servers", bootstrap},
                      {"enable.idempotence", "true"},
                      {"linger.ms", "2"},
                      {"message.max.bytes", "20000000"},
                      {"partitioner", "murmur2_random"}};
    for (const auto& [name, value] : properties) {
        all[name] = value;
    }
    return all;
}

void check(rd_kafka_error_t* error) {
    if (error != nullptr) {
        const std::string text = rd_kafka_error_string(error);
        rd_kafka_error_destroy(error);
        throw std::runtime_error(text);
    }
}

rd_kafka_headers_t* make_headers(const std::vector<Header>& headers) {
    rd_kafka_headers_t* made = rd_kafka_headers_new(headers.size());
    for (const Header& header : headers) {
        rd_kafka_header_add(made, header.name.data(), static_cast<ssize_t>(header.name.size()),
                            header.value ? header.value->data() : nullptr,
                            header.value ? static_cast<ssize_t>(header.value->size()) : 0);
    }
    return made;
}

// librdkafka tells null from empty by the pointer alone.
void* pointer(const Bytes& bytes) {
    return bytes ? const_cast<char*>(bytes->data()) : nullptr;
}
std::size_t size(const Bytes& bytes) {
    return bytes ? bytes->size() : 0;
}

constexpr int k_within_ms = 60'000;

}  // namespace

TestProducer::TestProducer(const std::string& bootstrap, const Properties& properties)
    : client_(RD_KAFKA_PRODUCER, with_defaults(bootstrap, properties), &TestProducer::delivered, this) {}

void TestProducer::send(const TestRecord& record) {
    learn(record.topic);
    for (;;) {
        rd_kafka_headers_t* headers = make_headers(record.headers);
        // The pairs that the RD_KAFKA_V_ macros stand for, without their casts.
        const rd_kafka_resp_err_t error = rd_kafka_producev(
            client_.get(), RD_KAFKA_VTYPE_TOPIC, record.topic.c_str(), RD_KAFKA_VTYPE_PARTITION,
            record.partition, RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_KEY,
            pointer(record.key), size(record.key), RD_KAFKA_VTYPE_VALUE, pointer(record.value),
            size(record.value), RD_KAFKA_VTYPE_TIMESTAMP, record.timestamp, RD_KAFKA_VTYPE_HEADERS, headers,
            RD_KAFKA_VTYPE_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_poll(client_.get(), 0);
            return;
        }
        rd_kafka_headers_destroy(headers);
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            throw std::runtime_error(rd_kafka_err2str(error));
        }
        rd_kafka_poll(client_.get(), 100);
    }
}

void TestProducer::flush() {
    if (rd_kafka_flush(client_.get(), k_within_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error("records were not written in time");
    }
    if (!failure_.empty()) {
        throw std::runtime_error(std::exchange(failure_, {}));
    }
}

std::int64_t TestProducer::deliver(const TestRecord& record) {
    send(record);
    flush();
    return last_offset_;
}

void TestProducer::begin() {
    if (!is_initialised_) {
        check(rd_kafka_init_transactions(client_.get(), k_within_ms));
        is_initialised_ = true;
    }
    check(rd_kafka_begin_transaction(client_.get()));
}

void TestProducer::commit() {
    check(rd_kafka_commit_transaction(client_.get(), k_within_ms));
}

void TestProducer::abort() {
    check(rd_kafka_abort_transaction(client_.get(), k_within_ms));
}

void TestProducer::learn(const std::string& topic) {
    // The first record to a topic would else wait up to a second for its metadata (librdkafka before 2.10.1).
    if (known_.insert(topic).second) {
        rd_kafka_topic_t* handle = rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr);
        const rd_kafka_metadata_t* metadata = nullptr;
        if (rd_kafka_metadata(client_.get(), 0, handle, &metadata, k_within_ms) ==
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
        }
        rd_kafka_topic_destroy(handle);
    }
}

void TestProducer::delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* self = static_cast<TestProducer*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        self->failure_ = rd_kafka_err2str(message->err);
    } else {
        self->last_offset_ = message->offset;
    }
}

}  // namespace laterd::support
