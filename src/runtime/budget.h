// How one worker's share of `limits.memory` is divided: hold and in flight, librdkafka's prefetch, unsent records.
//
// Prefetch limits are fixed when a client is made, so each open partition reserves its cap and the number of open
// partitions is bounded by the budget.
#pragma once

#include <cstdint>

namespace laterd::runtime {

struct Budget {
    std::uint64_t hold_bytes;          // held and in flight, with their overhead
    std::uint64_t prefetch_cap_bytes;  // what librdkafka may keep for one partition, with its overhead
    std::uint32_t open_max;            // partitions that may be unpaused at a time
    std::uint64_t producer_bytes;      // librdkafka's own queue of unsent records
};

// `share`: bytes, at least config::k_memory_floor_per_worker. `partitions`: how many the worker may get, as far as
// known; 0 when nothing is known yet.
Budget divide(std::uint64_t share, std::uint32_t partitions) noexcept;

}  // namespace laterd::runtime
