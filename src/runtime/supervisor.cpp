#include "runtime/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "config/quantity.h"
#include "config/written.h"
#include "log/log.h"
#include "loop/clock.h"
#include "runtime/budget.h"

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

const config::Route& route_of(const config::RoutingTable& table, const std::string& name) {
    const auto found = std::find_if(table.routes.begin(), table.routes.end(),
                                    [&](const config::Route& route) { return route.name == name; });
    assert(found != table.routes.end());
    return *found;
}

bool begins(const config::RouteDifference& difference) {
    return difference.kind != config::RouteDifference::Kind::removed;
}

bool ends(const config::RouteDifference& difference) {
    return difference.kind != config::RouteDifference::Kind::added;
}

}  // namespace

Supervisor::Supervisor(Table table) : table_(std::move(table)) {}

Supervisor::~Supervisor() {
    stop();
}

void Supervisor::start() {
    Seats none;
    for (const config::Route& route : table_->routes) {
        if (route.enabled) {
            add_seats(route, none);
        }
    }
    share_memory();
    look_after(loop::read_clocks());
}

std::optional<std::string> Supervisor::refuses(const config::RoutingTable& table,
                                               const config::Difference& difference) const {
    std::vector<std::uint64_t> least;
    std::size_t fresh = 0;
    for (const auto& seat : seats_) {
        const config::RouteDifference* changed = difference.find(seat->route->name);
        if (seat->is_retiring || (changed != nullptr && ends(*changed))) {
            continue;
        }
        seat->worker ? least.push_back(seat->least) : static_cast<void>(++fresh);
    }
    for (const config::RouteDifference& changed : difference.routes) {
        fresh += begins(changed) ? static_cast<std::size_t>(route_of(table, changed.route).workers) : 0;
    }
    const std::uint64_t share = fair_share(table_->memory, least, fresh);
    if (fresh == 0 || share >= config::k_memory_floor_per_worker) {
        return std::nullopt;
    }
    return fmt::format(
        "{}, in force until a restart, leave {} for each of the {} workers that would start beside the {} "
        "that go "
        "on; expected at least {}, by a restart or fewer workers",
        config::format_size(table_->memory), config::format_size(share & ~std::uint64_t{1023}), fresh,
        least.size(), config::format_size(config::k_memory_floor_per_worker));
}

void Supervisor::apply(const Table& table, const config::Difference& difference) {
    assert(!ending_);
    Seats gone;
    for (const config::RouteDifference& changed : difference.routes) {
        if (ends(changed)) {
            retire(changed.route, gone);
        }
    }
    table_ = table;
    for (const config::RouteDifference& changed : difference.routes) {
        if (begins(changed)) {
            add_seats(route_of(*table_, changed.route), gone);
        }
    }
    share_memory();
    // Whoever waits for this knows when nothing has to end first.
    state_changed_.signal();
}

// Those without a worker are taken out: nothing of them has to end.
void Supervisor::retire(const std::string& route, Seats& gone) {
    const std::lock_guard lock(mutex_);
    for (auto& seat : seats_) {
        if (seat->route->name != route || seat->is_retiring) {
            continue;
        }
        if (seat->worker) {
            seat->is_retiring = true;
            seat->worker->drain();
        } else {
            gone.push_back(std::move(seat));
        }
    }
    std::erase(seats_, nullptr);
}

// What a place has counted goes on under the route's name; while its worker drains, see clear_away().
void Supervisor::add_seats(const config::Route& route, Seats& gone) {
    for (int number = 1; number <= route.workers; ++number) {
        const auto is_it = [&](const auto& other) {
            return other->route->name == route.name && other->number == number;
        };
        auto seat = std::make_unique<Seat>(Seat{.table = table_, .route = &route, .number = number});
        if (const auto before = std::find_if(gone.begin(), gone.end(), is_it); before != gone.end()) {
            seat->counters = std::move((*before)->counters);
        }
        if (!seat->counters && std::none_of(seats_.begin(), seats_.end(), is_it)) {
            seat->counters = std::make_shared<core::Counters>();
        }
        const std::lock_guard lock(mutex_);
        seats_.push_back(std::move(seat));
    }
}

// Who runs shrinks now and grows when there is room, see grow().
void Supervisor::share_memory() {
    std::vector<std::uint64_t> least;
    std::size_t fresh = 0;
    for (const auto& seat : seats_) {
        if (!seat->is_retiring) {
            seat->worker ? least.push_back(seat->least) : static_cast<void>(++fresh);
        }
    }
    const std::uint64_t share = fair_share(table_->memory, least, fresh);
    for (const auto& seat : seats_) {
        if (seat->is_retiring) {
            continue;
        }
        seat->share = seat->worker ? std::max(share, seat->least) : share;
        if (seat->worker && seat->share < seat->taken) {
            seat->taken = seat->share;
            seat->worker->resize(seat->share);
        }
    }
}

// When those that end have given back theirs.
void Supervisor::grow() {
    if (has_retiring()) {
        return;
    }
    for (const auto& seat : seats_) {
        if (seat->worker && seat->taken < seat->share) {
            seat->taken = seat->share;
            seat->worker->resize(seat->share);
        }
    }
}

std::uint64_t Supervisor::taken() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& seat : seats_) {
        sum += seat->taken;
    }
    return sum;
}

bool Supervisor::may_start(const Seat& seat) const {
    const bool is_free = std::none_of(seats_.begin(), seats_.end(), [&](const auto& other) {
        return other->is_retiring && config::are_in_each_others_way(*seat.route, *other->route);
    });
    return is_free && taken() + seat.share <= table_->memory;
}

void Supervisor::start(Seat& seat, core::SteadyTime now) {
    if (seat.table != table_) {
        // By the table of today, so that an old one does not live for ever; they say the same of this route.
        const std::lock_guard lock(mutex_);
        seat.route = &route_of(*table_, seat.route->name);
        seat.table = table_;
    }
    core::clear_gauges(*seat.counters);
    seat.has_started = true;
    seat.started_at = now;
    seat.taken = seat.share;
    seat.least = least_share(seat.share);
    auto worker = std::make_unique<Worker>(Worker::Setup{.table = *seat.table,
                                                         .route = *seat.route,
                                                         .number = seat.number,
                                                         .share = seat.share,
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
    seat.taken = 0;
    if (ending_ || seat.is_retiring) {
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

// A place that comes after one that has ended goes on with its counters.
void Supervisor::clear_away() {
    const std::lock_guard lock(mutex_);
    for (auto& seat : seats_) {
        if (!seat->is_retiring || seat->worker) {
            continue;
        }
        const auto heir = std::find_if(seats_.begin(), seats_.end(), [&](const auto& other) {
            return other && !other->is_retiring && !other->counters && other->number == seat->number &&
                   other->route->name == seat->route->name;
        });
        if (heir != seats_.end()) {
            (*heir)->counters = std::move(seat->counters);
        }
        seat.reset();
    }
    std::erase(seats_, nullptr);
}

std::optional<core::SteadyTime> Supervisor::look_after(const core::Now& now) {
    state_changed_.clear();
    for (const auto& seat : seats_) {
        if (seat->worker && seat->worker->state() != Worker::State::running) {
            bury(*seat, now);
        }
    }
    clear_away();
    std::optional<core::SteadyTime> next;
    if (ending_) {
        return next;
    }
    for (const auto& seat : seats_) {
        if (seat->worker) {
            continue;
        }
        if (seat->restart_at > now.steady) {
            next = next ? std::min(*next, seat->restart_at) : seat->restart_at;
        } else if (may_start(*seat)) {
            start(*seat, now.steady);
        }
    }
    grow();
    return next;
}

void Supervisor::drain() {
    ending_ = true;
    for (const auto& seat : seats_) {
        if (seat->worker) {
            seat->worker->drain();
        }
    }
}

void Supervisor::stop() {
    ending_ = true;
    for (const auto& seat : seats_) {
        if (seat->worker) {
            seat->worker->stop();
        }
    }
}

bool Supervisor::has_retiring() const noexcept {
    return std::any_of(seats_.begin(), seats_.end(), [](const auto& seat) { return seat->is_retiring; });
}

bool Supervisor::is_settled() const noexcept {
    return std::none_of(seats_.begin(), seats_.end(),
                        [](const auto& seat) { return seat->is_retiring || !seat->has_started; });
}

std::chrono::milliseconds Supervisor::drain_timeout() const noexcept {
    std::chrono::milliseconds longest = table_->drain_timeout;
    for (const auto& seat : seats_) {
        longest = std::max(longest, seat->table->drain_timeout);
    }
    return longest;
}

bool Supervisor::has_ended() const noexcept {
    return std::none_of(seats_.begin(), seats_.end(),
                        [](const auto& seat) { return seat->worker != nullptr; });
}

bool Supervisor::has_left() const noexcept {
    return std::all_of(seats_.begin(), seats_.end(),
                       [](const auto& seat) { return !seat->worker || seat->worker->has_left(); });
}

std::vector<admin::WorkerState> Supervisor::workers() const {
    const std::int64_t now = loop::read_boot_time().count();
    const std::lock_guard lock(mutex_);
    std::vector<admin::WorkerState> all;
    all.reserve(seats_.size());
    for (const auto& seat : seats_) {
        if (!seat->counters) {
            continue;  // the one before in this place is shown
        }
        admin::WorkerState& worker =
            all.emplace_back(admin::WorkerState{.route = seat->route->name,
                                                .sources = topics_of(*seat->route),
                                                .retry_topic = seat->route->retry.topic,
                                                .waiting_topic = seat->route->wait_topic,
                                                .number = seat->number,
                                                .counters = seat->counters,
                                                .view = seat->board->view(),
                                                .has_joined = seat->board->has_joined()});
        if (seat->worker) {
            // Before its first turn a worker is as good as new; while it ends its clients it may block.
            const std::int64_t turned = seat->worker->last_turn_ms();
            const bool has_turned = turned != 0 && !seat->worker->is_closing();
            worker.last_turn = core::Milliseconds(has_turned ? std::max<std::int64_t>(now - turned, 0) : 0);
        }
    }
    return all;
}

std::vector<service::Pulse> Supervisor::pulses() const {
    std::vector<service::Pulse> all;
    all.reserve(seats_.size());
    for (const auto& seat : seats_) {
        if (seat->worker) {
            all.push_back({.route = seat->route->name,
                           .worker = seat->number,
                           .last_turn = std::chrono::milliseconds(seat->worker->last_turn_ms()),
                           .is_closing = seat->worker->is_closing()});
        }
    }
    return all;
}

}  // namespace laterd::runtime
