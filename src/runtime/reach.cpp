#include "runtime/reach.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <regex>

#include "kafka/admin.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_timeout{3'000};

bool is_pattern(const std::string& topic) {
    return topic.starts_with('^');
}

// The names that a pattern stands for now; a bad pattern is the consumer's to report.
std::vector<std::string> matching(const std::vector<std::string>& names, const std::string& pattern) {
    std::vector<std::string> found;
    try {
        const std::regex whole(pattern.substr(1), std::regex::extended);
        std::copy_if(names.begin(), names.end(), std::back_inserter(found),
                     [&](const std::string& name) { return std::regex_match(name, whole); });
    } catch (const std::regex_error&) {
        found.clear();
    }
    return found;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// The route's retry and waiting topic: its consumers read them like sources.
std::vector<std::string> own_topics(const config::Route& route) {
    std::vector<std::string> own{route.retry.topic, route.wait_topic};
    std::erase(own, "");
    return own;
}

// All that the route reads now, each once.
std::vector<std::string> topics_read(kafka::Admin& admin, const config::RoutingTable& table,
                                     const config::Route& route) {
    std::vector<std::string> names = own_topics(route);
    const std::vector<std::string> unwanted = unwanted_topics(table, route);
    std::optional<std::vector<std::string>> all;
    for (const std::string& topic : route.from.topics) {
        if (!is_pattern(topic)) {
            names.push_back(topic);
            continue;
        }
        if (!all) {
            all = admin.topics(k_timeout).value_or(std::vector<std::string>());
        }
        for (const std::string& name : matching(*all, topic)) {
            if (!contains(unwanted, name) && !contains(names, name)) {
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

std::vector<std::string> unwanted_topics(const config::RoutingTable& table, const config::Route& route) {
    const std::vector<std::string>& sources = route.from.topics;
    std::vector<std::string> names;
    if (std::none_of(sources.begin(), sources.end(), is_pattern)) {
        return names;
    }
    const std::vector<std::string> own = own_topics(route);
    const auto add = [&](const std::string& topic) {
        if (!topic.empty() && !contains(sources, topic) && !contains(own, topic) && !contains(names, topic)) {
            names.push_back(topic);
        }
    };
    for (const config::Route& other : table.routes) {
        add(other.to.topic);
        add(other.retry.topic);
        add(other.wait_topic);
        if (other.dead_letter) {
            add(other.dead_letter->topic);
        }
    }
    return names;
}

}  // namespace laterd::runtime
