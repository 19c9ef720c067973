// How `limits.memory` is divided between the workers, and a worker's share of it: hold and in flight, librdkafka's
// prefetch, unsent records.
//
// Prefetch limits are fixed when a client is made, so each open partition reserves its cap and the number of open
// partitions is bounded by the budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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

// The budget of a worker that runs already with another share: what its clients were made with stays. `share`: at
// least the least_share() of the one it was made with.
Budget redivide(const Budget& made, std::uint64_t share) noexcept;

// The least share that a worker can shrink to which was made with `share`: its clients keep their queue of unsent records and
// the prefetch of one partition, and it has to hold something.
std::uint64_t least_share(std::uint64_t share) noexcept;

// The share s with which max(s, its least) for every worker that runs, and s for each of `fresh` that start, fit into
// `memory`; as large as can be. Less than config::k_memory_floor_per_worker: they do not fit.
std::uint64_t fair_share(std::uint64_t memory, std::span<const std::uint64_t> least, std::size_t fresh);

}  // namespace laterd::runtime
