// Owns a librdkafka client with the given properties; its log lines go nowhere.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <string>

namespace laterd::support {

using Properties = std::map<std::string, std::string>;

class KafkaClient {
  public:
    // `delivered` is a producer's callback, called with `opaque`. Throws std::runtime_error when a property is refused.
    using Delivered = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);
    KafkaClient(rd_kafka_type_t type, const Properties& properties, Delivered delivered = nullptr,
                void* opaque = nullptr);
    ~KafkaClient();
    KafkaClient(const KafkaClient&) = delete;
    KafkaClient& operator=(const KafkaClient&) = delete;

    rd_kafka_t* get() const { return client_; }

  private:
    rd_kafka_t* client_;
};

}  // namespace laterd::support
