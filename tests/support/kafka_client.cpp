#include "support/kafka_client.h"

#include <stdexcept>

namespace laterd::support {

KafkaClient::KafkaClient(rd_kafka_type_t type, const Properties& properties, Delivered delivered,
                         void* opaque) {
    char error[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    // A broker that a test has killed is found again at once.
    Properties all = {{"reconnect.backoff.ms", "50"},
                      {"reconnect.backoff.max.ms", "200"},
                      {"socket.nagle.disable", "true"},
                      {"topic.metadata.refresh.interval.ms", "2000"}};
    for (const auto& [name, value] : properties) {
        all[name] = value;
    }
    for (const auto& [name, value] : all) {
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(conf);
            throw std::runtime_error(error);
        }
    }
    rd_kafka_conf_set_log_cb(conf, nullptr);
    if (delivered != nullptr) {
        rd_kafka_conf_set_dr_msg_cb(conf, delivered);
        rd_kafka_conf_set_opaque(conf, opaque);
    }
    client_ = rd_kafka_new(type, conf, error, sizeof error);
    if (client_ == nullptr) {
        rd_kafka_conf_destroy(conf);
        throw std::runtime_error(error);
    }
}

KafkaClient::~KafkaClient() {
    rd_kafka_destroy(client_);
}

}  // namespace laterd::support
