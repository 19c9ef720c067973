#include "config/written.h"

#include <algorithm>

namespace laterd::config {

std::vector<Written> written_by(const Route& route) {
    std::vector<Written> written{{"to", "target", route.to.cluster, route.to.topic}};
    if (route.dead_letter) {
        written.push_back(
            {"dead_letter", "dead-letter topic", route.dead_letter->cluster, route.dead_letter->topic});
    }
    written.push_back({"retry", "retry topic", route.from.cluster, route.retry.topic, true});
    written.push_back({"wait", "waiting topic", route.from.cluster, route.wait_topic, true});
    std::erase_if(written, [](const Written& one) { return one.cluster.empty() || one.topic.empty(); });
    return written;
}

namespace {

bool uses_own_topic(const Route& user, const Route& owner) {
    const std::vector<Written> written = written_by(user);
    const std::vector<Written> owned = written_by(owner);
    return std::any_of(owned.begin(), owned.end(), [&](const Written& own) {
        const auto is_it = [&](const Written& other) { return other.topic == own.topic; };
        const std::vector<std::string>& sources = user.from.topics;
        return own.is_own && (std::any_of(written.begin(), written.end(), is_it) ||
                              std::find(sources.begin(), sources.end(), own.topic) != sources.end());
    });
}

}  // namespace

bool are_in_each_others_way(const Route& one, const Route& other) {
    return one.name == other.name || one.from.group == other.from.group || uses_own_topic(one, other) ||
           uses_own_topic(other, one);
}

std::optional<std::size_t> find_source(const Route& route, const Written& written) {
    const std::vector<std::string>& topics = route.from.topics;
    const auto found = std::find(topics.begin(), topics.end(), written.topic);
    if (route.from.cluster != written.cluster || found == topics.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - topics.begin());
}

}  // namespace laterd::config
