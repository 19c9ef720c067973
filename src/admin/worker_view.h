// What a worker is doing, copied out about once a second for those who look at the process from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "core/time.h"
#include "core/view.h"

namespace laterd::admin {

struct PartitionEntry {
    std::string topic;
    std::int32_t partition = 0;
    core::Role role = core::Role::source;
    core::PartitionView view;
    std::optional<std::uint64_t> lag;  // records behind the log's end; nullopt until it was asked for
};

struct WorkerView {
    core::WallTime at;  // when this was so
    std::vector<PartitionEntry> partitions;
    core::DueHistogram due;
    bool is_holding = false;
    core::Reason holding_for = core::Reason::none;
};

}  // namespace laterd::admin
