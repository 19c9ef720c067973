#include "core/by_topic.h"

namespace laterd::core {

TopicCounters& ByTopic::of(std::string_view topic) {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(topic);
    return found != topics_.end() ? found->second : topics_[std::string(topic)];
}

std::vector<ByTopic::Entry> ByTopic::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<Entry> entries;
    entries.reserve(topics_.size());
    for (const auto& [topic, counters] : topics_) {
        entries.push_back({.topic = topic, .counters = &counters});
    }
    return entries;
}

void ByTopic::clear_lag() {
    const std::lock_guard lock(mutex_);
    for (auto& [topic, counters] : topics_) {
        counters.lag.set(0);
    }
}

}  // namespace laterd::core
