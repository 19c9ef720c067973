// librdkafka's mock cluster: a broker inside this process, for the demo and for fast tests. 127.0.0.1 only;
// it keeps 5 MiB per partition and forgets the oldest beyond.
#pragma once

#include "kafka/errors.h"

#include <cstdint>
#include <string>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_mock_cluster_s;

namespace laterd::kafka {

// The protocol requests that errors can be injected into.
enum class Request : std::int16_t {
    produce = 0,
    fetch = 1,
    list_offsets = 2,
    metadata = 3,
    offset_commit = 8,
    offset_fetch = 9,
    find_coordinator = 10,
    join_group = 11,
    heartbeat = 12,
    init_producer_id = 22,
};

class EmbeddedBroker {
  public:
    // Throws std::runtime_error.
    explicit EmbeddedBroker(int brokers = 1);
    ~EmbeddedBroker();
    EmbeddedBroker(const EmbeddedBroker&) = delete;
    EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

    // host:port, for `brokers` of a cluster.
    const std::vector<std::string>& bootstrap() const noexcept { return bootstrap_; }

    // Throws std::runtime_error. A topic that is asked for without existing is created with 4 partitions.
    void create_topic(const std::string& name, int partitions);

    // The next requests of this kind are answered with these errors, one each.
    void inject(Request request, const std::vector<ErrorCode>& errors);
    void clear_injected(Request request);

    // Answers about this topic carry the error (0: no more).
    void fail_topic(const std::string& name, ErrorCode error);

    // All brokers: connections are cut and refused, and accepted again.
    void take_down();
    void bring_up();

  private:
    rd_kafka_s* client_ = nullptr;
    rd_kafka_mock_cluster_s* cluster_ = nullptr;
    std::vector<std::string> bootstrap_;
};

}  // namespace laterd::kafka
