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

std::uint64_t ByTopic::lag() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t lag = 0;
    for (const auto& [topic, counters] : topics_) {
        lag += counters.lag.get();
    }
    return lag;
}

void ByTopic::clear_lag() {
    const std::lock_guard lock(mutex_);
    for (auto& [topic, counters] : topics_) {
        counters.lag.set(0);
    }
}

}  // namespace laterd::core
