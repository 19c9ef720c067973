// Starts and ends workers, and starts another one when one dies of a fatal error; the others never notice.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "admin/board.h"
#include "admin/state.h"
#include "config/routing_table.h"
#include "core/counters.h"
#include "core/time.h"
#include "loop/wakeup.h"
#include "runtime/worker.h"
#include "service/pulse.h"

namespace laterd::runtime {

class Supervisor {
  public:
    // `table` outlives the supervisor.
    explicit Supervisor(const config::RoutingTable& table);
    ~Supervisor();

    // Applies the enabled routes as a difference to those that run: starts what is new.
    void start();

    // Becomes readable when a worker ended or died.
    int fd() const noexcept { return state_changed_.fd(); }

    // Looks after workers that ended or died. Returns when to be called again, if at a certain time.
    std::optional<core::SteadyTime> look_after(const core::Now& now);

    void drain();
    void stop();

    // After drain or stop: whether every worker has ended.
    bool has_ended() const noexcept;

    // After drain: whether every worker has left its group. Ending a client may take long for no good reason.
    bool has_left() const noexcept;

    // What every worker is doing. From any thread.
    std::vector<admin::WorkerState> workers() const;

    // Of every worker there is at the moment.
    std::vector<service::Pulse> pulses() const;

  private:
    struct Seat {
        const config::Route* route;
        int number;
        std::shared_ptr<core::Counters> counters;
        std::shared_ptr<admin::Board> board;
        std::unique_ptr<Worker> worker;  // empty between a death and the next start
        std::chrono::milliseconds backoff{0};
        core::SteadyTime started_at{};
        core::SteadyTime restart_at{};
    };

    void start(Seat& seat, core::SteadyTime now);
    void bury(Seat& seat, const core::Now& now);

    const config::RoutingTable& table_;
    loop::Wakeup state_changed_;
    bool ending_ = false;
    mutable std::mutex
        mutex_;  // guards seats_ and their workers against those who look; one thread changes them
    std::vector<Seat> seats_;
};

}  // namespace laterd::runtime
