#include "runtime/supervisor.h"

#include <algorithm>
#include <utility>

#include "log/log.h"
#include "loop/clock.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_backoff_first{500};
constexpr std::chrono::milliseconds k_backoff_longest{30'000};

// A worker that ran this long before it died is started again as if it had never died.
constexpr std::chrono::minutes k_healthy{1};

// Two hosts with one `instance` would fence each other for ever if both came back at once.
constexpr std::chrono::minutes k_fenced_pause{5};

std::string topics_of(const config::Route& route) {
    std::string joined;
    for (const std::string& topic : route.from.topics) {
        joined += (joined.empty() ? "" : ",") + topic;
    }
    return joined;
}

}  // namespace

Supervisor::Supervisor(const config::RoutingTable& table) : table_(table) {}

Supervisor::~Supervisor() {
    stop();
}

void Supervisor::start() {
    const core::Now now = loop::read_clocks();
    for (const config::Route& route : table_.routes) {
        const bool runs =
            std::any_of(seats_.begin(), seats_.end(), [&](const Seat& seat) { return *seat.route == route; });
        if (!route.enabled || runs) {
            continue;
        }
        for (int number = 1; number <= route.workers; ++number) {
            Seat seat{.route = &route, .number = number};
            seat.counters = std::make_shared<core::Counters>();
            seat.board = std::make_shared<admin::Board>();
            const std::lock_guard lock(mutex_);
            seats_.push_back(std::move(seat));
        }
    }
    for (Seat& seat : seats_) {
        if (!seat.worker) {
            start(seat, now.steady);
        }
    }
}

void Supervisor::start(Seat& seat, core::SteadyTime now) {
    seat.started_at = now;
    auto worker = std::make_unique<Worker>(Worker::Setup{.table = table_,
                                                         .route = *seat.route,
                                                         .number = seat.number,
                                                         .counters = *seat.counters,
                                                         .board = *seat.board,
                                                         .state_changed = state_changed_});
    const std::lock_guard lock(mutex_);
    seat.worker = std::move(worker);
}

void Supervisor::bury(Seat& seat, const core::Now& now) {
    const bool fenced = seat.worker->state() == Worker::State::fenced;
    {
        std::unique_ptr<Worker> dead;
        const std::lock_guard lock(mutex_);
        dead.swap(seat.worker);
        seat.board->join(false);
    }
    if (ending_) {
        return;
    }
    if (fenced) {
        seat.backoff = k_fenced_pause;
    } else if (now.steady - seat.started_at > k_healthy || seat.backoff == std::chrono::milliseconds{0}) {
        seat.backoff = k_backoff_first;
    } else {
        seat.backoff = std::min(seat.backoff * 2, k_backoff_longest);
    }
    seat.restart_at = now.steady + seat.backoff;
    log::error(fenced ? "worker fenced" : "worker died",
               {{"route", seat.route->name},
                {"worker", seat.number},
                {"restart_in_ms", seat.backoff.count()},
                {"hint", fenced ? "another process uses the same instance; give each its own"
                                : "see the error before this line"}});
}

std::optional<core::SteadyTime> Supervisor::look_after(const core::Now& now) {
    state_changed_.clear();
    std::optional<core::SteadyTime> next;
    for (Seat& seat : seats_) {
        if (seat.worker && seat.worker->state() != Worker::State::running) {
            bury(seat, now);
        }
        if (seat.worker || ending_) {
            continue;
        }
        if (seat.restart_at <= now.steady) {
            start(seat, now.steady);
        } else {
            next = next ? std::min(*next, seat.restart_at) : seat.restart_at;
        }
    }
    return next;
}

void Supervisor::drain() {
    ending_ = true;
    for (Seat& seat : seats_) {
        if (seat.worker) {
            seat.worker->drain();
        }
    }
}

void Supervisor::stop() {
    ending_ = true;
    for (Seat& seat : seats_) {
        if (seat.worker) {
            seat.worker->stop();
        }
    }
}

bool Supervisor::has_ended() const noexcept {
    return std::none_of(seats_.begin(), seats_.end(),
                        [](const Seat& seat) { return seat.worker != nullptr; });
}

bool Supervisor::has_left() const noexcept {
    return std::all_of(seats_.begin(), seats_.end(),
                       [](const Seat& seat) { return !seat.worker || seat.worker->has_left(); });
}

std::vector<admin::WorkerState> Supervisor::workers() const {
    const std::int64_t now = loop::read_boot_time().count();
    const std::lock_guard lock(mutex_);
    std::vector<admin::WorkerState> all;
    all.reserve(seats_.size());
    for (const Seat& seat : seats_) {
        admin::WorkerState& worker =
            all.emplace_back(admin::WorkerState{.route = seat.route->name,
                                                .sources = topics_of(*seat.route),
                                                .retry_topic = seat.route->retry.topic,
                                                .waiting_topic = seat.route->wait_topic,
                                                .number = seat.number,
                                                .counters = seat.counters,
                                                .view = seat.board->view(),
                                                .has_joined = seat.board->has_joined()});
        if (seat.worker) {
            // Before its first turn a worker is as good as new; while it ends its clients it may block.
            const std::int64_t turned = seat.worker->last_turn_ms();
            const bool has_turned = turned != 0 && !seat.worker->is_closing();
            worker.last_turn = core::Milliseconds(has_turned ? std::max<std::int64_t>(now - turned, 0) : 0);
        }
    }
    return all;
}

std::vector<service::Pulse> Supervisor::pulses() const {
    std::vector<service::Pulse> all;
    all.reserve(seats_.size());
    for (const Seat& seat : seats_) {
        if (seat.worker) {
            all.push_back({.route = seat.route->name,
                           .worker = seat.number,
                           .last_turn = std::chrono::milliseconds(seat.worker->last_turn_ms()),
                           .is_closing = seat.worker->is_closing()});
        }
    }
    return all;
}

}  // namespace laterd::runtime
