// How long a record may wait where it is: Kafka deletes what waits longer than its topic keeps it, and says nothing.
//
// A record is kept for `retention.ms` after its timestamp, at least: segments are deleted as a whole, by their newest
// record. `keeps` is that time; nullopt says for ever, or not known.
#pragma once

#include <cstdint>
#include <optional>

#include "core/time.h"

namespace laterd::core {

// What of that time is not waited for, so that there is some left to read the record and to settle it, by brokers whose
// clocks differ, between two looks at the topic's settings: a tenth, an hour at most.
Milliseconds retention_margin(Milliseconds keeps) noexcept;

// Until when a record with this timestamp may wait. WallTime::max() when Kafka keeps it for ever, or nobody knows.
WallTime safe_until(std::optional<WallTime> timestamp, std::optional<Milliseconds> keeps) noexcept;

// How many of the waiting topic's first `partitions` laps end, together with what a record is held behind them, while
// Kafka keeps their records.
std::int32_t laps_kept(std::int32_t partitions, std::optional<Milliseconds> keeps) noexcept;

}  // namespace laterd::core
