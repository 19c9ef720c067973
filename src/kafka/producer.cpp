#include "kafka/producer.h"

#include "kafka/client.h"

#include <array>
#include <cassert>
#include <utility>

namespace laterd::kafka {

namespace {

// librdkafka takes a null pointer for null, so what is empty needs some address.
void* address(const std::optional<std::string_view>& bytes) {
    const char* data = !bytes ? nullptr : bytes->empty() ? "" : bytes->data();
    return const_cast<char*>(data);
}

std::size_t size(const std::optional<std::string_view>& bytes) {
    return bytes ? bytes->size() : 0;
}

}  // namespace

Producer::Producer(const ProducerSettings& settings)
    : client_(make_client(RD_KAFKA_PRODUCER, producer_conf(settings))),
      queue_(rd_kafka_queue_get_main(client_)) {
    const std::uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue_, signal_.fd(), &one, sizeof one);
    // Only the first entry of an empty queue is announced, and the client has logged something already.
    signal_.signal();
}

Producer::~Producer() {
    for (const auto& [name, handle] : topics_) {
        rd_kafka_topic_destroy(handle);
    }
    rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
    rd_kafka_queue_destroy(queue_);
    // Else destroying waits for what is unsent, which may be for ever.
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(client_);
}

TopicHandle Producer::topic(const std::string& name) {
    const auto [at, is_new] = topics_.try_emplace(name, nullptr);
    if (is_new) {
        at->second = rd_kafka_topic_new(client_, name.c_str(), nullptr);
        assert(at->second != nullptr);
    }
    return at->second;
}

SendResult Producer::send(const Outgoing& record, Headers& headers) {
    // Pairs of tag and value as librdkafka's V_ macros make them; without a copy flag the value is borrowed.
    const auto error = rd_kafka_producev(client_,                                                          //
                                         RD_KAFKA_VTYPE_RKT, record.topic,                                 //
                                         RD_KAFKA_VTYPE_PARTITION, record.partition,                       //
                                         RD_KAFKA_VTYPE_MSGFLAGS, 0,                                       //
                                         RD_KAFKA_VTYPE_VALUE, address(record.value), size(record.value),  //
                                         RD_KAFKA_VTYPE_KEY, address(record.key), size(record.key),        //
                                         RD_KAFKA_VTYPE_TIMESTAMP, record.timestamp,                       //
                                         RD_KAFKA_VTYPE_OPAQUE, record.opaque,                             //
                                         RD_KAFKA_VTYPE_HEADERS, headers.get(),                            //
                                         RD_KAFKA_VTYPE_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        static_cast<void>(headers.release());
        ++in_flight_;
        return {.kind = SendResult::Kind::accepted};
    }
    const bool is_full = error == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    return {.kind = is_full ? SendResult::Kind::full : SendResult::Kind::refused, .error = error};
}

void Producer::serve(Listener& listener) {
    signal_.clear();
    while (const EventPtr event{rd_kafka_queue_poll(queue_, 0)}) {
        handle(listener, event.get());
    }
}

void Producer::handle(Listener& listener, rd_kafka_op_s* event) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_DR:
            while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
                --in_flight_;
                // librdkafka calls a batch persisted when a later one was accepted, also when the broker refused
                // the first one of a producer it did not know yet (NOT_LEADER, new topic): then it is nowhere, and
                // has no offset (2.0.2 on Kafka 4.3, 3 of 50 runs).
                const bool is_known = message->err != RD_KAFKA_RESP_ERR_NO_ERROR || message->offset >= 0;
                listener.on_report(message->_private, is_known ? message->err : k_not_known_stored);
            }
            break;
        case RD_KAFKA_EVENT_ERROR:
            tell_error(client_, event, listener);
            break;
        case RD_KAFKA_EVENT_LOG:
            tell_log(event, listener);
            break;
        default:
            break;
    }
}

void Producer::purge_unsent() noexcept {
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE);
}

std::optional<std::string> Producer::fatal_error() const {
    const Fatal fatal = kafka::fatal_error(client_);
    return fatal.code ? std::optional(fatal.text) : std::nullopt;
}

void Producer::close(Listener& listener, std::chrono::milliseconds timeout) {
    rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    const auto until = std::chrono::steady_clock::now() + timeout;
    while (in_flight_ > 0 && std::chrono::steady_clock::now() < until) {
        if (const EventPtr event{rd_kafka_queue_poll(queue_, 20)}) {
            handle(listener, event.get());
        }
    }
}

TopicState Producer::refresh(TopicHandle topic, std::chrono::milliseconds timeout) const {
    return topic_state(client_, topic, timeout);
}

}  // namespace laterd::kafka
