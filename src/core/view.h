// What a worker's partitions are doing, copied out for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/due_histogram.h"
#include "core/reason.h"
#include "core/record.h"
#include "core/time.h"

namespace laterd::core {

enum class PartitionState : std::uint8_t { hot, warm, cold, stopped };

std::string_view to_string(PartitionState state) noexcept;

struct PartitionView {
    Slot slot = 0;
    PartitionState state = PartitionState::cold;
    bool has_begun = false;  // where to begin is known, and committed
    Offset committable = 0;  // once it has begun
    std::uint64_t held = 0;  // records, those in front of the handler included
    std::uint64_t held_bytes = 0;
    std::uint32_t in_flight = 0;
    std::optional<WallTime> next_due;      // nullopt: nothing that is known of waits; WallTime{}: at once
    Reason stop_reason = Reason::none;     // stopped: why
    std::optional<Milliseconds> retry_in;  // a copy could not be written: it is tried again then
};

struct View {
    std::vector<PartitionView> partitions;
    DueHistogram due;  // of what is held; of many records a sample, scaled up
    bool is_holding = false;
    Reason holding_for = Reason::none;
};

}  // namespace laterd::core
