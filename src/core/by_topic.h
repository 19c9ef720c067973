// Counters of the topics that a worker reads. Which ones they are is known only when the group has assigned them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/counter.h"

namespace laterd::core {

struct TopicCounters {
    Counter consumed;
    Counter lag;  // end offsets minus committable offsets, from the broker
};

class ByTopic {
  public:
    // Those of `topic`, made at the first call; they stay where they are.
    TopicCounters& of(std::string_view topic);

    struct Entry {
        std::string topic;
        const TopicCounters* counters;
    };
    // From any thread.
    std::vector<Entry> all() const;

    // Of all topics together. From any thread.
    std::uint64_t lag() const;

    // The worker reads nothing: it lags behind nowhere.
    void clear_lag();

  private:
    mutable std::mutex mutex_;  // guards the map, not the counters
    std::map<std::string, TopicCounters, std::less<>> topics_;
};

}  // namespace laterd::core
