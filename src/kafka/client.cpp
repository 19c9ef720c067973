#include "kafka/client.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>

namespace laterd::kafka {

rd_kafka_t* make_client(rd_kafka_type_t type, Conf conf) {
    std::array<char, 512> why{};
    rd_kafka_t* client = rd_kafka_new(type, conf.get(), why.data(), why.size());
    if (client == nullptr) {
        throw std::runtime_error(std::string("librdkafka makes no client: ") + why.data());
    }
    static_cast<void>(conf.release());  // the client's now
    rd_kafka_set_log_queue(client, nullptr);
    // Refused, and not needed, without SASL OAUTHBEARER.
    const ErrorPtr ignored(rd_kafka_sasl_background_callbacks_enable(client));
    return client;
}

int timeout_ms(std::chrono::milliseconds timeout) noexcept {
    return static_cast<int>(
        std::clamp<std::chrono::milliseconds::rep>(timeout.count(), 0, std::numeric_limits<int>::max()));
}

Fatal fatal_error(rd_kafka_t* client) {
    std::array<char, 512> why{};
    const auto code = rd_kafka_fatal_error(client, why.data(), why.size());
    return {.code = code, .text = why.data()};
}

}  // namespace laterd::kafka
