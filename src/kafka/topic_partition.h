// The name of a partition in the cluster.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace laterd::kafka {

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;

    auto operator<=>(const TopicPartition&) const = default;
};

}  // namespace laterd::kafka
