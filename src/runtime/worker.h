// One consumer of a route's group with its loop, hold and sink, on a thread of its own. Workers share nothing but
// their counters, which others may read.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "admin/board.h"
#include "config/routing_table.h"
#include "core/counters.h"
#include "loop/wakeup.h"

namespace laterd::runtime {

class Worker {
  public:
    enum class State : std::uint8_t {
        running,
        ended,   // drained, or stopped at once
        failed,  // its client is dead (fatal error): start another one
        fenced,  // another client has the same `instance`: not before a good while
    };

    // What a worker is made from; all of it outlives the worker.
    struct Setup {
        const config::RoutingTable& table;
        const config::Route& route;
        int number;           // from 1
        std::uint64_t share;  // of the memory limit, that its clients are made with
        core::Counters& counters;
        admin::Board& board;
        loop::Wakeup& state_changed;  // signalled when `state` changes
    };

    // Starts the thread.
    explicit Worker(const Setup& setup);
    // Joins; ask it to end before.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // From any thread: settle what is in flight, commit, leave the group, end.
    void drain() noexcept;

    // From any thread: end at once; what is in flight comes again after the next start.
    void stop() noexcept;

    // From any thread: keep to another share of the memory limit; at least the least_share() of the first one.
    void resize(std::uint64_t share) noexcept;

    State state() const noexcept { return state_.load(std::memory_order_acquire); }

    // Whether it has drained, committed and left its group; ending its clients is all that remains.
    bool has_left() const noexcept { return left_.load(std::memory_order_acquire); }

    // The loop's last turn, on the boot-time clock in milliseconds: whether the worker lives.
    std::int64_t last_turn_ms() const noexcept { return last_turn_ms_.load(std::memory_order_relaxed); }

    // Whether its loop is over and it ends its clients, which may block for a while.
    bool is_closing() const noexcept { return closing_.load(std::memory_order_relaxed); }

  private:
    friend class WorkerLoop;
    enum class Order : std::uint8_t { run, drain, stop };

    void main() noexcept;
    void turned() noexcept;

    const Setup setup_;
    std::atomic<Order> order_{Order::run};
    std::atomic<State> state_{State::running};
    std::atomic<bool> left_{false};
    std::atomic<bool> closing_{false};
    std::atomic<std::uint64_t> share_;
    std::atomic<std::int64_t> last_turn_ms_{0};
    loop::Wakeup ordered_;
    std::thread thread_;
};

}  // namespace laterd::runtime
