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

void count_partitions(kafka::Admin& admin, const config::From& from, Reached& reached) {
    std::optional<std::vector<std::string>> all;
    for (const std::string& topic : from.topics) {
        std::vector<std::string> names{topic};
        if (is_pattern(topic)) {
            if (!all) {
                all = admin.topics(k_timeout).value_or(std::vector<std::string>());
            }
            names = matching(*all, topic);
        }
        for (const std::string& name : names) {
            const kafka::TopicFacts facts = admin.topic(name, k_timeout);
            reached.partitions += static_cast<std::uint32_t>(std::max(facts.partitions, 0));
            if (facts.state == kafka::TopicFacts::State::missing) {
                reached.missing.push_back(name);
            }
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
            count_partitions(admin, route.from, reached);
            reached.target_max_message_bytes = target_max_message_bytes(table, route);
        }
    } catch (const std::exception& error) {
        reached.error = error.what();
    }
    return reached;
}

std::optional<std::int64_t> target_max_message_bytes(const config::RoutingTable& table,
                                                     const config::Route& route) {
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
    const auto add = [&](const std::string& topic) {
        if (std::find(sources.begin(), sources.end(), topic) == sources.end()) {
            names.push_back(topic);
        }
    };
    for (const config::Route& other : table.routes) {
        add(other.to.topic);
        if (other.dead_letter) {
            add(other.dead_letter->topic);
        }
    }
    return names;
}

}  // namespace laterd::runtime
