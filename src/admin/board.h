// Where a worker hangs out what it is doing. The worker writes, any thread reads; neither waits for the other longer than a
// pointer takes to copy.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "admin/worker_view.h"

namespace laterd::admin {

class Board {
  public:
    void publish(std::shared_ptr<const WorkerView> view) {
        const std::lock_guard lock(mutex_);
        view_.swap(view);
    }

    // nullptr before the first one.
    std::shared_ptr<const WorkerView> view() const {
        const std::lock_guard lock(mutex_);
        return view_;
    }

    // Whether the group has assigned partitions (none, perhaps) since the worker's start.
    void join(bool joined) noexcept { joined_.store(joined, std::memory_order_relaxed); }
    bool has_joined() const noexcept { return joined_.load(std::memory_order_relaxed); }

  private:
    mutable std::mutex mutex_;  // guards the pointer
    std::shared_ptr<const WorkerView> view_;
    std::atomic<bool> joined_{false};
};

}  // namespace laterd::admin
