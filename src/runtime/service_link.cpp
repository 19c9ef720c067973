#include "runtime/service_link.h"

#include <algorithm>
#include <map>
#include <string>

#include "loop/clock.h"
#include "service/standing.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_tell_every{2'000};

// What the end of the process itself may take, beyond what its drain is given.
constexpr std::chrono::milliseconds k_end_margin{5'000};

// One route, all its workers.
struct RouteSum {
    std::uint64_t partitions = 0;
    std::uint64_t stopped = 0;
    std::uint64_t waiting = 0;
    bool holds = false;
};

// Gate::State as a number: holding or probing.
bool holds(std::uint64_t gate) noexcept {
    return gate == 1 || gate == 2;
}

service::Standing standing_of(const std::vector<admin::WorkerState>& all) {
    service::Standing standing;
    std::map<std::string, RouteSum> routes;
    for (const admin::WorkerState& entry : all) {
        const core::Counters& counters = *entry.counters;
        RouteSum& route = routes[entry.route];
        for (const core::Counter& count : counters.partitions) {
            route.partitions += count.get();
        }
        route.stopped += counters.partitions.back().get();
        route.holds = route.holds || holds(counters.gate.get());
        // What stays in the broker counts, too; its number is younger than ten seconds.
        std::uint64_t lag = 0;
        for (const core::ByTopic::Entry& topic : counters.topics.all()) {
            lag += topic.counters->lag.get();
        }
        route.waiting += std::max(lag, counters.held_records.get());
        standing.in_flight += counters.in_flight.get();
        if (const std::uint64_t due_ms = counters.next_due_ms.get(); due_ms != 0) {
            const core::WallTime due{core::Milliseconds{static_cast<std::int64_t>(due_ms)}};
            standing.next_due = std::min(standing.next_due.value_or(due), due);
        }
    }
    for (const auto& [name, route] : routes) {
        standing.waiting += route.waiting;
        if (route.holds) {
            standing.holding.push_back(name);
        } else if (route.partitions == 0) {
            standing.idle.push_back(name);
        } else {
            ++standing.running;
        }
        if (route.stopped > 0) {
            standing.stopped.push_back(name);
        }
    }
    return standing;
}

}  // namespace

ServiceLink::ServiceLink(const Supervisor& supervisor)
    : supervisor_(supervisor), watchdog_(notifier_.watchdog(), [this] { notifier_.feed(); }) {}

void ServiceLink::started(const core::Now& now) {
    if (notifier_.is_heard()) {
        notifier_.ready(service::status_text(standing_of(supervisor_.workers()), now.wall));
    }
}

void ServiceLink::reloading(const core::Now& now) {
    notifier_.reloading(now.steady);
}

void ServiceLink::reloaded(const core::Now& now) {
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

void ServiceLink::tell(const core::Now& now, std::optional<core::SteadyTime> end_by) {
    const service::Standing standing = standing_of(supervisor_.workers());
    if (end_by) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_by - now.steady);
        notifier_.stopping(std::max(left, std::chrono::milliseconds{0}) + k_end_margin);
        notifier_.status(service::drain_text(standing));
    } else {
        notifier_.status(service::status_text(standing, now.wall));
    }
}

}  // namespace laterd::runtime
