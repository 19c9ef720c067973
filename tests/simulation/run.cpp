#include "simulation/run.h"

#include <algorithm>
#include <sstream>

#include "simulation/host.h"
#include "simulation/process.h"
#include "simulation/violation.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using core::Partition;

namespace {

// More than a record can go round when the faults are over.
constexpr int k_hops_most = 40;

// A copy is due when it says so; what is tried again in place is not.
Nanoseconds longest_wait_in_place(const Scenario& scenario) {
    const core::RetryPolicy& policy = scenario.options.retry;
    if (!scenario.handler.used || policy.has_topic) {
        return 0s;
    }
    Nanoseconds longest = policy.backoff.steps.empty() ? policy.backoff.max : 0s;
    for (const core::Milliseconds step : policy.backoff.steps) {
        longest = std::max<Nanoseconds>(longest, step);
    }
    const bool is_asked = scenario.handler.retry_after_percent > 0;
    return std::max(longest, is_asked ? scenario.handler.retry_after_max : 0s);
}

// After the faults: the longest chain of things that have to time out, and every record that is due one by one, each
// after a refill of its partition's queue.
Nanoseconds settling_time(const Scenario& scenario, std::size_t unsettled) {
    const bool tiny = scenario.options.hold_bytes < (1 << 20) || scenario.options.open_max < 64 ||
                      scenario.prefetch_records < 1'000 || scenario.prefetch_bytes < (1 << 20) ||
                      scenario.options.in_flight_max < 1'000;
    // Whoever waits for a place does so until all others have had it.
    const auto turns =
        static_cast<std::int64_t>(1 + scenario.all_partitions_max() / scenario.options.open_max);
    // One dead letter a minute passes a guard that nobody opens.
    // To a clock that is behind, everything may be too far away.
    const bool are_odd = scenario.odd_due_percent > 0 || scenario.too_far < core::Milliseconds(24h);
    const bool is_guarded = scenario.options.guard > 0 && are_odd;
    // A record may come back to be tried again, and each time anew.
    const std::int64_t rounds = scenario.handler.used ? 4 : 1;
    const Nanoseconds each = is_guarded ? Nanoseconds(1min) : tiny ? 2s * turns * rounds : 20ms;
    return 150s + longest_wait_in_place(scenario) + each * static_cast<std::int64_t>(unsettled);
}

}  // namespace

Summary Run::perform() {
    const Scenario& scenario = world_.scenario;
    for (const auto& host : world_.hosts) {
        world_.agenda.at(world_.now() + world_.random.between(0s, 5s), [&host] { host->start(); });
    }
    traffic_.begin();
    if (!scenario.calm) {
        faults_.begin();
    }
    world_.agenda.run_until(world_.now() + scenario.duration);
    traffic_.stop();
    faults_.end();
    restart();

    const Nanoseconds grace = settling_time(scenario, world_.truth.appended() - world_.truth.settled());
    // Who was away may have lost its partitions, and whoever has stopped begins anew.
    world_.agenda.run_until(world_.now() + 60s);
    settle_for(grace);
    require_settled(grace);
    // What fails now is due once more, and so is what goes round.
    std::optional<WallTime> last = last_due();
    for (int hop = 0; last && hop < k_hops_most && is_unsettled(); ++hop) {
        const Nanoseconds left = *last - slowest_clock();
        if (left <= -grace) {
            break;
        }
        settle_for(left + grace);
        last = last_due();
    }
    require_settled(0s);
    // What settled last is committed, and what settled without being committed comes to its end once more.
    const Nanoseconds left = last ? std::max<Nanoseconds>(*last - slowest_clock(), 0s) : 0s;
    const SteadyTime end = world_.now() + left + grace;
    while (world_.now() < end && !is_all_committed()) {
        world_.agenda.run_until(std::min(world_.now() + Nanoseconds(10s), end));
    }
    world_.agenda.run_until(world_.now() + 60s);
    require_all_committed();
    require_ends();
    require_idle();
    const Summary summary{.hash = world_.trace.hash(),
                          .records = world_.truth.appended(),
                          .duplicates = world_.truth.duplicates(),
                          .turns = turns(),
                          .virtual_time = world_.now().time_since_epoch()};
    drain_all();
    return summary;
}

// There is more to come.
bool Run::is_unsettled() {
    for (std::size_t i = 0; i < world_.truth.partitions(); ++i) {
        if (static_cast<std::size_t>(world_.truth.prefix(i)) < world_.truth.facts(i).size() &&
            !is_stopped(i)) {
            return true;
        }
    }
    return false;
}

// Until everything has settled, at most for `most`.
void Run::settle_for(Nanoseconds most) {
    const SteadyTime end = world_.now() + most;
    while (world_.now() < end && is_unsettled()) {
        world_.agenda.run_until(std::min(world_.now() + Nanoseconds(10s), end));
    }
}

// Who was on the way out when the faults ended comes back, too.
void Run::restart() {
    for (const auto& host : world_.hosts) {
        if (!closing_) {
            host->start();
        }
    }
    if (!closing_) {
        world_.agenda.at(world_.now() + 10s, [this] { restart(); });
    }
}

WallTime Run::slowest_clock() const {
    WallTime slowest = WallTime::max();
    for (const auto& host : world_.hosts) {
        slowest = std::min(slowest, host->read_clocks().wall);
    }
    return slowest;
}

bool Run::may_stop_at(const Truth::Fact& fact) const {
    const Scenario& scenario = world_.scenario;
    const RecordSpec& spec = fact.spec;
    // Any call may fail for the last time, for all that is known here.
    if (scenario.handler.used && (!scenario.options.has_dead_letter || spec.dead_refused)) {
        return true;
    }
    const bool refused = spec.bytes > scenario.target_max_bytes || spec.far_ahead ||
                         (scenario.target_compacted && !spec.has_key);
    // Whether a due time is too far depends on the clock of whoever reads it.
    const WallTime appended =
        k_epoch + std::chrono::floor<core::Milliseconds>(fact.appended.time_since_epoch());
    const bool odd = spec.has_due != RecordSpec::Due::usable || spec.due - appended > scenario.too_far - 6h;
    const bool stops =
        !scenario.odd_now && (scenario.odd_fate == core::Fate::stop || !scenario.options.has_dead_letter);
    if (refused && (!scenario.options.has_dead_letter || spec.dead_refused)) {
        return true;
    }
    if (odd && !scenario.odd_now && spec.dead_refused) {
        return true;
    }
    return odd && stops;
}

const Partition* Run::find(std::size_t partition) const {
    for (const auto& host : world_.hosts) {
        Process* process = host->process();
        const auto slot = process != nullptr ? process->slot_of(partition) : std::nullopt;
        const Partition* found = slot ? process->pipeline().partition(*slot) : nullptr;
        if (found != nullptr) {
            return found;
        }
    }
    return nullptr;
}

bool Run::is_stopped(std::size_t partition) const {
    const Partition* found = find(partition);
    return found != nullptr && found->phase == Partition::Phase::stopped;
}

// By a record that is not settled, or by the position.
bool Run::may_be_stopped(std::size_t partition) {
    if (world_.truth.was_recreated(partition) &&
        world_.scenario.options.out_of_range == core::OutOfRange::stop) {
        return true;
    }
    // It stops at its head, which may have settled once already, or be one that nobody promised anything about.
    const auto& facts = world_.truth.facts(partition);
    const Partition* owned = find(partition);
    const core::Offset first = world_.truth.prefix(partition);
    if (owned != nullptr && world_.truth.was_recreated(partition) &&
        owned->ledger.committable() < world_.truth.excused_below(partition)) {
        return true;  // perhaps by a record of the old log
    }
    auto head =
        static_cast<std::size_t>(owned != nullptr ? std::min(owned->ledger.committable(), first) : first);
    if (head < facts.size() && may_stop_at(facts[head])) {
        return true;
    }
    // Where records overtake each other, one that is refused for good stops it wherever it is.
    const bool any = world_.role(partition) != core::Role::source || !world_.scenario.is_strict();
    for (; any && head < facts.size(); ++head) {
        // It may have settled once already.
        if (may_stop_at(facts[head])) {
            return true;
        }
    }
    return false;
}

// A record of the partition is released only after all earlier ones.
bool Run::waits_for_others(std::size_t partition) const {
    return world_.role(partition) == core::Role::source && world_.scenario.order == core::Order::partition;
}

// Everything that has been due for `grace` by everybody's clock has settled, or waits behind one that stops its
// partition.
void Run::require_settled(Nanoseconds grace) {
    const WallTime due_by = slowest_clock() - std::chrono::ceil<core::Milliseconds>(grace);
    for (std::size_t i = 0; i < world_.truth.partitions(); ++i) {
        if (!waits_for_others(i) && world_.scenario.has_room()) {
            require_due_settled(i, due_by);
            continue;
        }
        const core::Offset first = world_.truth.prefix(i);
        const auto& facts = world_.truth.facts(i);
        if (static_cast<std::size_t>(first) == facts.size()) {
            continue;
        }
        // It waits behind everything that has not been committed, settled or not.
        const auto committed = world_.group.committed(i);
        WallTime due{};
        for (core::Offset offset = committed ? committed->offset : 0; offset <= first; ++offset) {
            const RecordSpec& spec = facts[static_cast<std::size_t>(offset)].spec;
            due = std::max(due, spec.has_due == RecordSpec::Due::usable ? spec.due : WallTime{});
        }
        // And, where the topic was made anew, behind what was read of the old one.
        if (const Partition* owned = find(i); owned != nullptr && world_.truth.was_recreated(i)) {
            due = std::max(due, owned->head_due().value_or(due));
        }
        if (due > due_by) {
            continue;
        }
        const bool stops = may_be_stopped(i);
        require(stops && is_stopped(i),
                "a record that is due has not settled: partition, offset, stopped, may stop", i, first,
                is_stopped(i), stops);
    }
}

// In due order, with room for everything, no record waits for another one.
void Run::require_due_settled(std::size_t partition, WallTime due_by) {
    const core::Offset first = world_.truth.prefix(partition);
    const auto& facts = world_.truth.facts(partition);
    if (static_cast<std::size_t>(first) == facts.size()) {
        return;
    }
    const bool may_stop = may_be_stopped(partition);
    if (may_stop && is_stopped(partition)) {
        return;
    }
    // What has settled may be held once more.
    const Partition* owned = find(partition);
    const core::Offset head = owned != nullptr ? std::min(owned->ledger.committable(), first) : first;
    for (auto offset = static_cast<std::size_t>(first); offset < facts.size(); ++offset) {
        const Truth::Fact& fact = facts[offset];
        const WallTime due = fact.spec.has_due == RecordSpec::Due::usable ? fact.spec.due : WallTime{};
        // One that stops the partition does so when it is the first.
        const bool waits_for_others = may_stop_at(fact) && static_cast<core::Offset>(offset) > head;
        require(fact.settled || fact.control || fact.excused || due > due_by || waits_for_others,
                "a record that is due has not settled: partition, offset, stopped, may stop", partition,
                offset, is_stopped(partition), may_stop);
    }
}

// Of what is not committed.
std::optional<WallTime> Run::last_due() const {
    std::optional<WallTime> last;
    for (std::size_t i = 0; i < world_.truth.partitions(); ++i) {
        // What was delivered and not committed waits once more.
        const auto committed = world_.group.committed(i);
        const auto& facts = world_.truth.facts(i);
        for (auto k = static_cast<std::size_t>(committed ? committed->offset : 0); k < facts.size(); ++k) {
            const Truth::Fact& fact = facts[k];
            if (!fact.control && fact.spec.has_due == RecordSpec::Due::usable) {
                last = last ? std::max(*last, fact.spec.due) : fact.spec.due;
            }
        }
    }
    return last;
}

bool Run::is_all_committed() const {
    for (std::size_t i = 0; i < world_.truth.partitions(); ++i) {
        const auto committed = world_.group.committed(i);
        const bool is_at_end = committed && committed->offset == world_.log(i).high();
        if (!is_at_end && !is_stopped(i) && !world_.truth.was_recreated(i)) {
            return false;
        }
    }
    return true;
}

void Run::require_all_committed() {
    for (std::size_t i = 0; i < world_.truth.partitions(); ++i) {
        if (world_.truth.was_recreated(i)) {
            continue;  // whose records are nobody's promise may wait as long as they like
        }
        const auto committed = world_.group.committed(i);
        if (const Partition* stopped = find(i);
            stopped != nullptr && stopped->phase == Partition::Phase::stopped) {
            core::Offset first = stopped->ledger.committable();
            while (first > 0 && committed && first > committed->offset &&
                   world_.truth.fact(i, first - 1).control) {
                --first;
            }
            require(committed && committed->offset == first,
                    "a stopped partition is not committed up to its record: partition, record, committed", i,
                    first, committed ? committed->offset : -1);
            continue;
        }
        require(committed && committed->offset == world_.log(i).high(),
                "not committed to the end: partition, end, committed", i, world_.log(i).high(),
                committed ? committed->offset : -1);
    }
    for (const auto& host : world_.hosts) {
        Process* process = host->process();
        require(process != nullptr, "is down at the end: daemon", host->number());
        // What is tried again in place is let go of when its time comes.
        std::uint64_t parked = 0;
        for (core::Slot slot = 0; slot < process->slots(); ++slot) {
            const Partition* found = process->pipeline().partition(slot);
            const bool stopped = found != nullptr && found->phase == Partition::Phase::stopped;
            parked += stopped ? found->staged_bytes : 0;
        }
        require(process->pipeline().bytes() == parked || world_.truth.was_recreated(world_.first_source()),
                "bytes are left over: daemon, bytes", host->number(), process->pipeline().bytes());
    }
}

// Every record of the source has been delivered or is a dead letter, after no more calls than it may cost.
void Run::require_ends() {
    const core::PipelineOptions& options = world_.scenario.options;
    bool any_stopped = false;
    for (std::size_t i = 0; i < world_.truth.partitions(); ++i) {
        any_stopped = any_stopped || is_stopped(i);
    }
    for (std::size_t i = world_.first_source(); i < world_.truth.partitions(); ++i) {
        const model::Log& log = world_.log(i);
        const auto all = log.fetch(log.low(), static_cast<std::size_t>(log.high()), UINT64_MAX);
        for (const model::Log::Entry& entry : all.entries) {
            const Truth::Life& life = world_.truth.life(entry.id);
            const bool has_ended = life.delivered + life.dead > 0;
            require(has_ended || any_stopped || world_.truth.fact(i, entry.offset).excused,
                    "a record has come to no end: partition, offset", i, entry.offset);
            const bool is_bounded = options.retry.has_topic && options.guard == 0;
            require(!is_bounded || life.calls <= options.retry.attempts * (1 + life.repeats),
                    "more calls than `attempts` and what came twice: partition, offset, calls, twice", i,
                    entry.offset, life.calls, life.repeats);
        }
    }
}

std::uint64_t Run::turns() const {
    std::uint64_t all = 0;
    for (const auto& host : world_.hosts) {
        all += host->process() != nullptr ? host->process()->turns() : 0;
    }
    return all;
}

// With nothing to do, nobody is busy.
void Run::require_idle() {
    const std::uint64_t before = turns();
    for (const auto& host : world_.hosts) {
        if (host->process() != nullptr) {
            host->process()->witness().budget_settled();
        }
    }
    world_.agenda.run_until(world_.now() + 60s);
    const std::uint64_t spent = turns() - before;
    // When there are more partitions than may be open they take turns, to see what is new in them.
    const bool take_turns = world_.partitions() > world_.scenario.options.open_max;
    require(spent <= (take_turns ? 60 * 400 : 120) * world_.hosts.size(),
            "turns in a minute without anything to do", spent);
}

std::string Run::state() const {
    std::ostringstream out;
    for (const auto& host : world_.hosts) {
        Process* process = host->process();
        out << "  daemon " << host->number() << (process != nullptr ? "" : " is down")
            << (host->is_frozen() ? " is frozen" : "") << ", wall clock "
            << host->read_clocks().wall.time_since_epoch().count() << " ms";
        if (process != nullptr) {
            const core::Gate& gate = process->pipeline().gate();
            out << ", gate " << static_cast<int>(gate.state()) << ' ' << core::to_string(gate.reason());
        }
        out << '\n';
        for (core::Slot slot = 0; process != nullptr && slot < process->slots(); ++slot) {
            const Partition* found = process->pipeline().partition(slot);
            if (found == nullptr) {
                continue;
            }
            const std::size_t partition = process->partition_of(slot);
            out << "    " << partition << ": phase " << static_cast<int>(found->phase)
                << (found->open ? " open" : "") << (found->in_client ? " in client" : "")
                << (found->at_end ? " at end" : "") << (found->reading ? " reading" : "") << ", position "
                << found->ledger.position() << ", committable " << found->ledger.committable() << ", held "
                << found->hold.size() << ", in flight " << found->in_flight;
            out << ", staged " << found->staged << ", owed " << found->owed;
            if (const core::Record* next = found->hold.next()) {
                out << ", next " << next->offset << " purpose " << static_cast<int>(next->purpose) << " fate "
                    << static_cast<int>(next->fate) << (found->scheduled ? "" : " not scheduled");
            }
            if (const auto due = found->head_due()) {
                out << ", head due " << due->time_since_epoch().count() << " ms";
            }
            out << "; log " << world_.log(partition).low() << " to " << world_.log(partition).high()
                << "; client " << process->client().state(partition) << '\n';
        }
    }
    return out.str();
}

void Run::drain_all() {
    closing_ = true;
    for (const auto& host : world_.hosts) {
        if (host->process() != nullptr) {
            host->process()->drain();
        }
    }
    world_.agenda.run_until(world_.now() + world_.scenario.options.drain_timeout + 5s);
    for (const auto& host : world_.hosts) {
        require(host->process() == nullptr, "a drain does not end: daemon", host->number());
    }
}

}  // namespace laterd::simulation
