#include "runtime/service_link.h"

#include <algorithm>
#include <string>

#include "admin/route.h"
#include "loop/clock.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_tell_every{2'000};

// What the end of the process itself may take, beyond what its drain is given.
constexpr std::chrono::milliseconds k_end_margin{5'000};

// Records that have not settled. What stays in the broker counts, too; its number is younger than ten seconds.
std::uint64_t waiting_at(const core::Counters& counters) {
    return std::max(counters.topics.lag(), counters.held_records.get());
}

void add_route(service::Standing& standing, const admin::Route& route) {
    bool is_restarting = false;
    bool has_joined = false;
    std::uint64_t partitions = 0;
    std::uint64_t stopped = 0;
    const admin::WorkerView* holding = nullptr;
    for (const admin::WorkerState* worker : route.workers) {
        is_restarting = is_restarting || !worker->last_turn;
        has_joined = has_joined || worker->has_joined;
        for (const core::Counter& count : worker->counters->partitions) {
            partitions += count.get();
        }
        stopped += worker->counters->partitions.back().get();
        if (worker->last_turn && worker->view && worker->view->is_holding) {
            holding = worker->view.get();
        }
    }
    standing.waiting += admin::sum(route.workers, waiting_at);
    standing.in_flight +=
        admin::sum(route.workers, [](const core::Counters& counters) { return counters.in_flight.get(); });
    if (const std::optional<core::WallTime> due = admin::next_due(route.workers)) {
        standing.next_due = std::min(standing.next_due.value_or(*due), *due);
    }
    if (stopped > 0) {
        standing.stopped.push_back(route.name);
    }
    if (is_restarting) {
        standing.restarting.push_back(route.name);
    } else if (holding != nullptr) {
        standing.holding.push_back(route.name + " (" + std::string(core::to_string(holding->holding_for)) +
                                   ")");
    } else if (!has_joined) {
        standing.joining.push_back(route.name);
    } else if (partitions == 0) {
        standing.idle.push_back(route.name);
    } else {
        ++standing.running;
    }
}

service::Standing standing_of(const Supervisor& supervisor) {
    const admin::ProcessState state{.workers = supervisor.workers()};
    service::Standing standing;
    for (const admin::Route& route : admin::routes_of(state)) {
        add_route(standing, route);
    }
    return standing;
}

}  // namespace

ServiceLink::ServiceLink(const Supervisor& supervisor)
    : supervisor_(supervisor), watchdog_(notifier_.watchdog(), [this] { notifier_.feed(); }) {}

void ServiceLink::started(const core::Now& now) {
    if (notifier_.is_heard()) {
        notifier_.ready(service::status_text(standing(), now.wall));
    }
}

void ServiceLink::reloading(const core::Now& now) {
    notifier_.reloading(now.steady);
}

void ServiceLink::reloaded(const core::Now& now, bool taken) {
    reload_refused_ = !taken;
    started(now);
}

core::SteadyTime ServiceLink::serve(const core::Now& now, std::optional<core::SteadyTime> end_by) {
    const core::SteadyTime watch_at =
        watchdog_.attend(supervisor_.pulses(), loop::read_boot_time(), now.steady);
    if (!notifier_.is_heard()) {
        return watch_at;
    }
    const bool begins_to_end = end_by && !is_ending_;
    if (now.steady >= tell_at_ || begins_to_end) {
        is_ending_ = end_by.has_value();
        tell_at_ = now.steady + k_tell_every;
        tell(now, end_by);
    }
    return std::min(watch_at, tell_at_);
}

service::Standing ServiceLink::standing() const {
    service::Standing all = standing_of(supervisor_);
    all.reload_refused = reload_refused_;
    return all;
}

void ServiceLink::tell(const core::Now& now, std::optional<core::SteadyTime> end_by) {
    const service::Standing now_so = standing();
    if (end_by) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_by - now.steady);
        notifier_.stopping(std::max(left, std::chrono::milliseconds{0}) + k_end_margin);
        notifier_.status(service::drain_text(now_so));
    } else {
        notifier_.status(service::status_text(now_so, now.wall));
    }
}

}  // namespace laterd::runtime
