// The librdkafka properties of laterd's clients: what laterd owns, its defaults, and the user's own on top.
// The one place where secrets are revealed.
#pragma once

#include "config/routing_table.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct rd_kafka_conf_s;

namespace laterd::kafka {

// session.timeout.ms, unless the user sets it.
inline constexpr std::chrono::milliseconds k_session_timeout{10'000};
// heartbeat.interval.ms: librdkafka's default.
inline constexpr std::chrono::milliseconds k_heartbeat_interval{3'000};

struct ConsumerSettings {
    const config::Cluster& cluster;
    const config::From& from;
    std::string name;                   // client.id, unless the user sets one
    std::string instance;               // group.instance.id; empty: a dynamic member
    std::uint64_t prefetch_bytes;       // what librdkafka may keep for one partition, overhead included
    std::vector<std::string> unwanted;  // topics that no regex of `from` may match: the route's own
};

struct ProducerSettings {
    const config::Cluster& cluster;
    const config::Properties& properties;  // TopicSink::properties; empty for a dead-letter producer
    std::string name;                      // client.id, unless the user sets one
    std::uint64_t queue_bytes;  // what librdkafka may add to unsent records: their values stay the caller's
    std::uint64_t batch_bytes = 1'000'000;  // keep it below the target's max.message.bytes
    bool one_record_per_request = false;    // for isolation: the broker judges each record by itself
};

// For the calls of Admin: nothing is consumed or produced.
struct AdminSettings {
    const config::Cluster& cluster;
    std::string name;
};

struct ConfDeleter {
    void operator()(rd_kafka_conf_s* conf) const noexcept;
};
using Conf = std::unique_ptr<rd_kafka_conf_s, ConfDeleter>;

// Throw std::runtime_error when librdkafka refuses a property, with the property's name and never a secret's
// value.
Conf consumer_conf(const ConsumerSettings& settings);
Conf producer_conf(const ProducerSettings& settings);
Conf admin_conf(const AdminSettings& settings);

// Whether the client comes with a token; the mechanism has two spellings of its name.
bool uses_oauth(const config::Properties& properties);

// The pattern as librdkafka takes it: `^regex` of the routing table is matched whole.
std::string whole_pattern(const std::string& topic);

}  // namespace laterd::kafka
