#include "runtime/reach.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "kafka/admin.h"
#include "kafka/source_pattern.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_timeout{3'000};

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// All that the route reads now, each once.
std::vector<std::string> topics_read(kafka::Admin& admin, const config::RoutingTable& table,
                                     const config::Route& route) {
    std::vector<std::string> names = kafka::own_topics(route);
    std::optional<std::vector<std::string>> all;
    for (const std::string& topic : route.from.topics) {
        if (!kafka::is_pattern(topic)) {
            names.push_back(topic);
            continue;
        }
        if (!all) {
            all = admin.topics(k_timeout).value_or(std::vector<std::string>());
        }
        for (const std::string& name : kafka::matching(*all, topic, table, route)) {
            if (!contains(names, name)) {
                names.push_back(name);
            }
        }
    }
    return names;
}

void count_partitions(kafka::Admin& admin, const std::vector<std::string>& topics, Reached& reached) {
    for (const std::string& topic : topics) {
        const kafka::TopicFacts facts = admin.topic(topic, k_timeout);
        reached.partitions += static_cast<std::uint32_t>(std::max(facts.partitions, 0));
        if (facts.state == kafka::TopicFacts::State::missing) {
            reached.missing.push_back(topic);
        }
    }
}

}  // namespace

Reached reach(const config::RoutingTable& table, const config::Route& route) {
    Reached reached;
    try {
        kafka::Admin admin({.cluster = table.cluster(route.from.cluster), .name = "laterd-" + route.name});
        const kafka::ClusterFacts facts = admin.cluster(k_timeout);
        reached.ok = facts.reachable && facts.authorised;
        reached.error = facts.error;
        reached.trouble = facts.trouble;
        if (reached.ok) {
            count_partitions(admin, topics_read(admin, table, route), reached);
            if (!route.wait_topic.empty()) {
                reached.wait_partitions = std::max(admin.topic(route.wait_topic, k_timeout).partitions, 0);
            }
            reached.target_max_message_bytes = target_max_message_bytes(table, route);
        }
    } catch (const std::exception& error) {
        reached.error = error.what();
    }
    return reached;
}

std::optional<std::int64_t> target_max_message_bytes(const config::RoutingTable& table,
                                                     const config::Route& route) {
    if (route.handler) {
        return std::nullopt;
    }
    try {
        kafka::Admin admin({.cluster = table.cluster(route.to.cluster), .name = "laterd-" + route.name});
        return admin.topic(route.to.topic, k_timeout).max_message_bytes;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace laterd::runtime
