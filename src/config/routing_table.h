// The routing table as checked plain structs: a value that exists is valid. Routes are immutable values that
// compare.
#pragma once

#include "config/secret.h"
#include "core/due_rule.h"
#include "core/retry_policy.h"
#include "core/start.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace laterd::config {

// librdkafka properties, passed through verbatim.
using Properties = std::map<std::string, std::string>;

struct Cluster {
    std::string name;
    std::vector<std::string> brokers;       // host:port
    Properties properties;                  // for consumers and producers
    std::map<std::string, Secret> secrets;  // property -> content of its file, last newline stripped
    // property -> hash of what stood in the file that it names: enough to see that a certificate was renewed. None for
    // files that could not be read.
    std::map<std::string, std::size_t> file_hashes;

    bool operator==(const Cluster&) const = default;
};

struct From {
    std::string cluster;
    std::vector<std::string> topics;  // names, or `^regex` (matched whole)
    std::string group;
    core::StartPolicy start = core::StartPolicy::earliest;
    core::OutOfRange out_of_range = core::OutOfRange::stop;
    Properties properties;

    bool operator==(const From&) const = default;
};

enum class TargetPartition : std::uint8_t { key, same };
enum class TargetTimestamp : std::uint8_t { now, original };

struct TopicSink {
    std::string cluster;
    std::string topic;
    TargetPartition partition = TargetPartition::key;
    TargetTimestamp timestamp = TargetTimestamp::now;
    Properties properties;

    bool operator==(const TopicSink&) const = default;
};

// What may be in flight together at a handler.
enum class Sequence : std::uint8_t { key, partition, none };

enum class NotFound : std::uint8_t { retry, dead_letter };

enum class SentHeaders : std::uint8_t { all, none, named };

struct HandlerSink {
    std::string socket;   // path of a Unix socket; empty: `address` is set
    std::string address;  // host:port, loopback; empty: `socket` is set
    std::string path = "/";
    std::chrono::milliseconds timeout{30'000};
    int concurrency = 64;  // requests in flight per worker, 1..10000
    Sequence sequence = Sequence::key;
    NotFound not_found = NotFound::retry;
    SentHeaders headers = SentHeaders::all;
    std::vector<std::string> header_names;  // named: these

    bool operator==(const HandlerSink&) const = default;
};

// What a route does in place when the file says nothing: 1s doubling to 1m.
inline core::RetryPolicy in_place() {
    using namespace std::chrono_literals;
    return {.backoff = {.initial = 1s, .factor = 2, .max = 1min, .jitter = 0}};
}

struct Retry {
    std::string topic;  // on the cluster of from; empty: in place
    core::RetryPolicy policy = in_place();

    bool operator==(const Retry&) const = default;
};

struct DeadLetter {
    std::string cluster;
    std::string topic;
    int guard = 100;  // dead letters in a row after which the route holds; 0: off

    bool operator==(const DeadLetter&) const = default;
};

using core::Order;

struct Route {
    std::string name;
    From from;
    core::DueRule due;
    Order order = Order::partition;
    std::string wait_topic;  // on the cluster of from; empty: none
    TopicSink to;            // without a topic when there is a handler
    std::optional<HandlerSink> handler;
    Retry retry;
    std::optional<DeadLetter> dead_letter;
    int workers = 1;
    bool enabled = true;

    bool operator==(const Route&) const = default;
};

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

struct RoutingTable {
    std::vector<Cluster> clusters;                    // in the order of the file
    std::vector<Route> routes;                        // in the order of the file, disabled ones too
    std::uint64_t memory = std::uint64_t{256} << 20;  // bytes: held records + prefetch + unsent records
    std::chrono::milliseconds commit_interval{1'000};
    std::chrono::milliseconds drain_timeout{20'000};
    std::string instance;      // empty: dynamic group membership
    std::string admin_listen;  // HOST:PORT or unix:PATH; empty: no admin endpoint
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;

    const Cluster& cluster(const std::string& name) const;  // must exist

    // How many workers the enabled routes have in all.
    int workers() const noexcept;

    bool operator==(const RoutingTable&) const = default;
};

// The least `limits.memory` that one worker can work with, in bytes.
inline constexpr std::uint64_t k_memory_floor_per_worker = std::uint64_t{8} << 20;

}  // namespace laterd::config
