// Starts and ends workers, and starts another one when one dies of a fatal error; the others never notice. Applies a new
// table as a difference: what has changed drains and starts again, and the rest goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/board.h"
#include "admin/state.h"
#include "config/difference.h"
#include "config/routing_table.h"
#include "core/counters.h"
#include "core/time.h"
#include "loop/wakeup.h"
#include "runtime/worker.h"
#include "service/pulse.h"

namespace laterd::runtime {

class Supervisor {
  public:
    // Tables are shared: one lives until the last worker that was made from it has ended.
    using Table = std::shared_ptr<const config::RoutingTable>;

    explicit Supervisor(Table table);
    ~Supervisor();

    // Starts the enabled routes.
    void start();

    // What the memory limit has against that difference, as a problem of `limits.memory`; nullopt: nothing.
    std::optional<std::string> refuses(const config::RoutingTable& table,
                                       const config::Difference& difference) const;

    // Drains the routes that are removed or changed. What is added or changed starts when nothing that ends is in its way.
    // Not after drain or stop.
    void apply(const Table& table, const config::Difference& difference);

    // Whether nothing of an earlier table is left and everything of this one has been started.
    bool is_settled() const noexcept;

    // Becomes readable when a worker ended or died.
    int fd() const noexcept { return state_changed_.fd(); }

    // Looks after workers that ended, died or wait for their start. Returns when to be called again, if at a certain time.
    std::optional<core::SteadyTime> look_after(const core::Now& now);

    void drain();
    void stop();

    // The longest that a worker may take to drain.
    std::chrono::milliseconds drain_timeout() const noexcept;

    // After drain or stop: whether every worker has ended.
    bool has_ended() const noexcept;

    // After drain: whether every worker has left its group. Ending a client may take long for no good reason.
    bool has_left() const noexcept;

    // What every worker is doing. From any thread.
    std::vector<admin::WorkerState> workers() const;

    // Of every worker there is at the moment.
    std::vector<service::Pulse> pulses() const;

  private:
    // The place of a worker, which it keeps when the worker dies.
    struct Seat {
        Table table;  // what the worker is made from
        const config::Route* route;
        int number;
        std::shared_ptr<core::Counters> counters;  // none while the one before in this place still counts
        std::shared_ptr<admin::Board> board = std::make_shared<admin::Board>();
        std::uint64_t share = 0;   // of the memory limit, that it shall have
        std::uint64_t taken = 0;   // that its worker has
        std::uint64_t least = 0;   // that its worker can shrink to
        bool is_retiring = false;  // drains, and is not started again
        bool has_started = false;
        std::unique_ptr<Worker> worker;  // empty before the first start, and between a death and the next
        std::chrono::milliseconds backoff{0};
        core::SteadyTime started_at{};
        core::SteadyTime restart_at{};
    };
    using Seats = std::vector<std::unique_ptr<Seat>>;

    void add_seats(const config::Route& route, Seats& gone);
    void retire(const std::string& route, Seats& gone);
    void share_memory();
    void grow();
    std::uint64_t taken() const noexcept;
    bool may_start(const Seat& seat) const;
    void start(Seat& seat, core::SteadyTime now);
    void bury(Seat& seat, const core::Now& now);
    void clear_away();
    bool has_retiring() const noexcept;

    Table table_;
    loop::Wakeup state_changed_;
    bool ending_ = false;
    // Guards seats_, their routes, workers and counters against those who look; one thread changes them.
    mutable std::mutex mutex_;
    Seats seats_;
};

}  // namespace laterd::runtime
