#include "kafka/embedded_broker.h"

#include "kafka/client.h"

#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <stdexcept>

// The mock cluster leaves Nagle's algorithm on for the sockets it accepts, which delays acknowledgements by
// up to 41 ms (measured). Defined in the executable this comes before libc's function for librdkafka, too; it
// is harmless elsewhere.
extern "C" int accept(int listener, sockaddr* address, socklen_t* size) {
    const int accepted = accept4(listener, address, size, 0);
    if (accepted >= 0) {
        const int on = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return accepted;
}

namespace laterd::kafka {

namespace {

constexpr int k_all_brokers = -1;

rd_kafka_t* make_host() {
    Conf conf(rd_kafka_conf_new());
    // The cluster's own log has nothing that people need; it would go to stderr.
    rd_kafka_conf_set(conf.get(), "log_level", "0", nullptr, 0);
    return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    while (from < list.size()) {
        const std::size_t comma = std::min(list.find(',', from), list.size());
        parts.push_back(list.substr(from, comma - from));
        from = comma + 1;
    }
    return parts;
}

}  // namespace

EmbeddedBroker::EmbeddedBroker(int brokers)
    : client_(make_host()), cluster_(rd_kafka_mock_cluster_new(client_, brokers)) {
    if (cluster_ == nullptr) {
        rd_kafka_destroy(client_);
        throw std::runtime_error("the embedded broker cannot start");
    }
    bootstrap_ = split(rd_kafka_mock_cluster_bootstraps(cluster_));
}

EmbeddedBroker::~EmbeddedBroker() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
}

void EmbeddedBroker::create_topic(const std::string& name, int partitions) {
    if (const auto error = rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1)) {
        throw std::runtime_error("cannot create topic \"" + name + "\": " + describe(error));
    }
}

void EmbeddedBroker::inject(Request request, const std::vector<ErrorCode>& errors) {
    std::vector<rd_kafka_resp_err_t> codes;
    codes.reserve(errors.size());
    for (const ErrorCode error : errors) {
        codes.push_back(static_cast<rd_kafka_resp_err_t>(error));
    }
    rd_kafka_mock_push_request_errors_array(cluster_, static_cast<std::int16_t>(request), codes.size(),
                                            codes.data());
}

void EmbeddedBroker::clear_injected(Request request) {
    rd_kafka_mock_clear_request_errors(cluster_, static_cast<std::int16_t>(request));
}

void EmbeddedBroker::fail_topic(const std::string& name, ErrorCode error) {
    rd_kafka_mock_topic_set_error(cluster_, name.c_str(), static_cast<rd_kafka_resp_err_t>(error));
}

void EmbeddedBroker::take_down() {
    rd_kafka_mock_broker_set_down(cluster_, k_all_brokers);
}

void EmbeddedBroker::bring_up() {
    rd_kafka_mock_broker_set_up(cluster_, k_all_brokers);
}

}  // namespace laterd::kafka
