// A process to show: one route with two workers and one with one.
#pragma once

#include <memory>

#include "admin/state.h"

namespace laterd::tests {

struct Process {
    Process();

    admin::ProcessState state;
    // Of state.workers, to count with.
    std::shared_ptr<core::Counters> orders_1 = std::make_shared<core::Counters>();
    std::shared_ptr<core::Counters> orders_2 = std::make_shared<core::Counters>();
    std::shared_ptr<core::Counters> payments = std::make_shared<core::Counters>();

    static constexpr core::WallTime k_now{std::chrono::seconds{1'700'000'000}};
};

}  // namespace laterd::tests
