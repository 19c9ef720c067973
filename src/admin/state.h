// The whole process as it is shown: what metrics, status and probes are made of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/worker_view.h"
#include "core/counters.h"
#include "core/time.h"

namespace laterd::admin {

// A loop turns at least once a second; one that has not for this long is stuck.
inline constexpr core::Milliseconds k_stuck_after{10'000};

struct WorkerState {
    std::string route;
    std::string sources;        // the source topics as the table names them, joined by commas
    std::string retry_topic;    // empty: none
    std::string waiting_topic;  // empty: none
    int number = 1;
    std::shared_ptr<const core::Counters> counters;
    std::shared_ptr<const WorkerView> view;  // nullptr: nothing to see yet
    bool has_joined = false;                 // its group has taken it in
    std::optional<core::Milliseconds>
        last_turn{};  // how long ago; nullopt while it waits to be started again

    bool is_stuck() const noexcept { return last_turn && *last_turn > k_stuck_after; }
};

struct ProcessState {
    core::WallTime now;
    core::WallTime started;
    std::vector<WorkerState> workers;  // those of a route stand together
    bool is_draining = false;
    std::uint64_t log_dropped = 0;
    bool reload_success = true;  // of the last reload; true before the first
    std::string version;
    std::string librdkafka;
};

}  // namespace laterd::admin
