#include "runtime/reach.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "kafka/admin.h"
#include "kafka/source_pattern.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_timeout{3'000};

bool contains(const std::vector<FoundTopic>& topics, const std::string& name) {
    return std::any_of(topics.begin(), topics.end(),
                       [&](const FoundTopic& topic) { return topic.name == name; });
}

// All that the route reads now, each once.
std::vector<FoundTopic> topics_read(kafka::Admin& admin, const config::RoutingTable& table,
                                    const config::Route& route) {
    std::vector<FoundTopic> topics;
    if (!route.retry.topic.empty()) {
        topics.push_back({.use = TopicUse::retry, .name = route.retry.topic});
    }
    if (!route.wait_topic.empty()) {
        topics.push_back({.use = TopicUse::waiting, .name = route.wait_topic});
    }
    std::optional<std::vector<std::string>> all;
    for (std::size_t number = 0; number < route.from.topics.size(); ++number) {
        const std::string& topic = route.from.topics[number];
        if (!kafka::is_pattern(topic)) {
            topics.push_back({.use = TopicUse::source, .name = topic, .number = number});
            continue;
        }
        if (!all) {
            all = admin.topics(k_timeout).value_or(std::vector<std::string>());
        }
        for (const std::string& name : kafka::matching(*all, topic, table, route)) {
            if (!contains(topics, name)) {
                topics.push_back({.use = TopicUse::source, .name = name, .number = number});
            }
        }
    }
    return topics;
}

void read_topics(kafka::Admin& admin, std::vector<FoundTopic> topics, Reached& reached) {
    for (FoundTopic& topic : topics) {
        topic.facts = admin.topic(topic.name, k_timeout);
        const std::int32_t partitions = std::max(topic.facts.partitions, 0);
        reached.partitions += static_cast<std::uint32_t>(partitions);
        if (topic.use == TopicUse::waiting) {
            reached.wait_partitions = partitions;
        }
        if (topic.facts.state == kafka::TopicFacts::State::missing) {
            reached.missing.push_back(topic.name);
        }
        reached.topics.push_back(std::move(topic));
    }
}

// Its cluster may be another one, and away.
void write_topic(const config::RoutingTable& table, const config::Route& route, const std::string& cluster,
                 FoundTopic topic, Reached& reached) {
    try {
        kafka::Admin admin({.cluster = table.cluster(cluster), .name = "laterd-" + route.name});
        topic.facts = admin.topic(topic.name, k_timeout);
    } catch (const std::exception& error) {
        topic.facts.error = error.what();
    }
    reached.topics.push_back(std::move(topic));
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
            read_topics(admin, topics_read(admin, table, route), reached);
        }
    } catch (const std::exception& error) {
        reached.error = error.what();
    }
    if (!reached.ok) {
        return reached;
    }
    if (route.dead_letter) {
        write_topic(table, route, route.dead_letter->cluster,
                    {.use = TopicUse::dead_letter, .name = route.dead_letter->topic}, reached);
    }
    if (!route.handler) {
        write_topic(table, route, route.to.cluster, {.use = TopicUse::target, .name = route.to.topic},
                    reached);
        reached.target_max_message_bytes = reached.topics.back().facts.max_message_bytes;
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
