#include "simulation/call_witness.h"

#include <algorithm>
#include <cmath>

#include "simulation/copy.h"
#include "simulation/host.h"
#include "simulation/process.h"
#include "simulation/violation.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using core::Milliseconds;
using core::Outcome;
using core::Purpose;
using core::Reason;
using core::Role;
using Result = core::Outcome::Result;

namespace {

constexpr Milliseconds k_retry_after_most = 1h;
constexpr Milliseconds k_probe_gap_least = 100ms;
constexpr Milliseconds k_unhurried = 1min;

Milliseconds rounded(double delay) {
    return Milliseconds(std::llround(delay));
}

}  // namespace

// --- events -------------------------------------------------------------------------------------------------------

void CallWitness::outcome(const core::Now& now, const Outcome& outcome, bool is_current) {
    const SimulatedRecord& record = simulated(*outcome.record);
    if (record.purpose != Purpose::deliver) {
        world_.sightings.saw(Sighting::retry_backoff,
                             record.purpose == Purpose::retry && outcome.result == Result::not_attempted);
        if (is_current && outcome.result == Result::delivered) {
            settled(record);
        }
        return;
    }
    Truth::Life& life = world_.truth.life(world_.written[record.id].origin);
    world_.sightings.saw(Sighting::handler_down, outcome.reason == Reason::handler_down);
    world_.sightings.saw(Sighting::handler_busy, outcome.reason == Reason::handler_busy);
    world_.sightings.saw(Sighting::rejected, outcome.result == Result::rejected);
    life.calls -= outcome.result == Result::not_attempted ? 1 : 0;
    if (!is_current) {
        return;
    }
    Story& known = story(record);
    switch (outcome.result) {
        case Result::delivered:
            ++era_;
            settled(record);
            return;
        case Result::retry:
        case Result::rejected:
            ++known.judged;
            known.result = outcome.result;
            known.asked = outcome.retry_after;
            known.at = now;
            known.era = era_;
            known.may_end = outcome.result == Result::rejected || world_.scenario.options.retry.has_topic ||
                            may_be_too_old(record, known, delay(record.attempts + 1, known.asked).most);
            return;
        case Result::not_known:
        case Result::not_attempted:
            return;
    }
}

void CallWitness::settled(const core::Record& record) {
    const Key key{record.slot, record.epoch};
    std::erase_if(holders_, [&](const auto& each) {
        return each.second.key == key && each.second.offset == record.offset;
    });
    stories_[key].erase(record.offset);
}

void CallWitness::is_over(core::Slot slot, core::Epoch epoch) {
    const Key key{slot, epoch};
    const auto stories = stories_.find(key);
    if (stories != stories_.end()) {
        for (const auto& [offset, each] : stories->second) {
            world_.sightings.saw(Sighting::copy_given_up, each.judged > 0);
        }
        stories_.erase(stories);
    }
    std::erase_if(holders_, [&](const auto& each) { return each.second.key == key; });
    std::erase_if(called_up_to_, [&](const auto& each) { return each.first.first == key; });
    asked_at_.reset();  // the probe's answer may never come
}

void CallWitness::before_tick() {
    gate_ = process_.pipeline().gate().state();
    reason_ = process_.pipeline().gate().reason();
    probed_ = false;
}

void CallWitness::holding() {
    asked_at_ = world_.now();
}

bool CallWitness::was_called(const core::Record& record) const {
    const auto stories = stories_.find({record.slot, record.epoch});
    if (stories == stories_.end()) {
        return false;
    }
    const auto known = stories->second.find(record.offset);
    return known != stories->second.end() && known->second.called;
}

// --- commands -----------------------------------------------------------------------------------------------------

void CallWitness::released(const core::Now& now, const SimulatedRecord& record) {
    Story& known = story(record);
    switch (record.purpose) {
        case Purpose::deliver:
            called(now, record, known);
            return;
        case Purpose::retry:
            retried(record, known);
            return;
        case Purpose::dead_letter:
            given_up(now, record, known);
            return;
        case Purpose::wait:
            return;
    }
}

void CallWitness::called(const core::Now& now, const SimulatedRecord& record, Story& story) {
    const std::size_t partition = record.place.partition;
    const core::PipelineOptions& options = world_.scenario.options;
    const World::Written& written = world_.written[record.id];
    Truth::Life& life = world_.truth.life(written.origin);

    require(calls_.records() < options.concurrency, "more calls than `concurrency`: in flight",
            calls_.records() + 1);
    world_.sightings.saw(Sighting::concurrency_full, calls_.records() + 1 == options.concurrency);

    require(!story.copied, "called although a copy of it was handed over: partition, offset", partition,
            record.offset);
    require(record.attempts == written.attempts + story.judged,
            "attempts: partition, offset, by the record, and really", partition, record.offset,
            record.attempts, written.attempts + story.judged);
    // What the guard keeps is called once more.
    const bool may_be_kept = options.guard > 0 && story.judged > 0;
    require(!options.retry.has_topic || record.attempts < options.retry.attempts || may_be_kept,
            "more calls than `attempts`: partition, offset, made", partition, record.offset, record.attempts);
    if (story.judged > 0 && story.result == Result::retry && !options.retry.has_topic) {
        world_.sightings.saw(Sighting::retried_in_place);
        require(may_be_kept || now.steady - story.at.steady >= delay(record.attempts, story.asked).least,
                "called again too early: partition, offset", partition, record.offset);
    } else {
        require(story.judged == 0 || may_be_kept, "called again although it was judged: partition, offset",
                partition, record.offset);
    }
    require(record.attempts > 0 || record.first_attempt == now.wall,
            "the first attempt is not now: partition, offset, ms", partition, record.offset,
            (now.wall - record.first_attempt).count());
    world_.sightings.saw(Sighting::guard_kept, story.judged > 0 && options.retry.has_topic);
    check_sequence(record, story);
    if (!story.called) {
        check_predecessors(now, record);
    }
    check_probe(now, record);

    const bool again_elsewhere = !story.called && world_.truth.called(record.place);
    life.repeats += again_elsewhere ? 1 : 0;
    ++life.calls;
    story.called = true;
}

// The shortest and the longest delay after the `made`th delivery; computed anew, from the interface page.
CallWitness::Bounds CallWitness::delay(std::uint32_t made, std::optional<Milliseconds> asked) const {
    const core::Backoff& backoff = world_.scenario.options.retry.backoff;
    Bounds bounds{};
    Milliseconds asked_most = k_retry_after_most;
    if (!backoff.steps.empty()) {
        bounds.least = bounds.most = backoff.steps[std::min<std::size_t>(made, backoff.steps.size()) - 1];
    } else {
        asked_most = backoff.max;
        const auto longest = static_cast<double>(backoff.max.count());
        const double grown = std::min(
            static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, made - 1), longest);
        bounds.least = rounded(std::floor(grown * (1 - backoff.jitter)));
        bounds.most = rounded(std::min(std::ceil(grown * (1 + backoff.jitter)), longest)) + 1ms;
    }
    if (asked) {
        bounds.least = std::max(bounds.least, std::min(*asked, asked_most));
        bounds.most = std::max(bounds.most, bounds.least);
    }
    return bounds;
}

bool CallWitness::may_be_too_old(const SimulatedRecord& record, const Story& story,
                                 Milliseconds delay) const {
    const core::RetryPolicy& policy = world_.scenario.options.retry;
    const bool from_due = !policy.has_topic && record.due > core::WallTime{};
    const core::WallTime since = from_due ? record.due : record.first_attempt;
    return policy.max_age && story.at.wall + delay > since + *policy.max_age;
}

void CallWitness::retried(const SimulatedRecord& record, const Story& story) {
    const std::size_t partition = record.place.partition;
    const core::RetryPolicy& policy = world_.scenario.options.retry;
    require(story.judged > 0 && story.result == Result::retry,
            "a retry copy of what did not fail: partition, offset", partition, record.offset);
    require(policy.has_topic && record.attempts < policy.attempts,
            "a retry copy although its attempts are used up: partition, offset, made", partition,
            record.offset, record.attempts);
    require(record.attempts == world_.written[record.id].attempts + story.judged,
            "attempts on a retry copy: partition, offset, made", partition, record.offset, record.attempts);
    const Bounds bounds = delay(record.attempts, story.asked);
    const Milliseconds after = record.copy_due - story.at.wall;
    require(after >= bounds.least && after <= bounds.most + 1ms,
            "a retry copy is due at a wrong time: partition, offset, after ms, least, most", partition,
            record.offset, after.count(), bounds.least.count(), bounds.most.count());
    require(!may_be_too_old(record, story, bounds.least),
            "a retry copy of what is too old: partition, offset", partition, record.offset);
    world_.sightings.saw(Sighting::retried);
    world_.sightings.saw(Sighting::retry_after,
                         story.asked && after > delay(record.attempts, std::nullopt).most);
    this->story(record).copied = true;
}

void CallWitness::given_up(const core::Now& now, const SimulatedRecord& record, Story& story) {
    const std::size_t partition = record.place.partition;
    const Scenario& scenario = world_.scenario;
    const core::RetryPolicy& policy = scenario.options.retry;
    const bool failed = story.judged > 0 && story.result == Result::retry;
    const std::uint32_t retry_bytes =
        copy_bytes(record.spec.bytes, Purpose::retry, core::DeadLetterForm::without_error);
    bool deserved = false;
    switch (record.reason) {
        case Reason::attempts_exhausted:
            deserved = failed && policy.has_topic && record.attempts >= policy.attempts;
            world_.sightings.saw(Sighting::attempts_exhausted);
            break;
        case Reason::too_old:
            deserved = failed && may_be_too_old(record, story, delay(record.attempts, story.asked).most);
            world_.sightings.saw(Sighting::too_old);
            break;
        case Reason::too_large:
            deserved = failed && retry_bytes > scenario.retry_max_bytes;
            world_.sightings.saw(Sighting::retry_refused);
            break;
        case Reason::http:
            deserved = story.judged > 0 && story.result == Result::rejected;
            break;
        default:
            deserved = record.judged == core::Fate::dead_letter;
            break;
    }
    require(deserved, "a good record was dead-lettered: partition, offset, reason", partition, record.offset,
            static_cast<int>(record.reason));
    require(record.attempts == world_.written[record.id].attempts + story.judged,
            "attempts on a dead letter: partition, offset, made", partition, record.offset, record.attempts);
    if (!story.dead) {
        check_guard(now, record, story);
    }
    story.copied = story.dead = true;
}

// --- sequences ----------------------------------------------------------------------------------------------------

// A record of the sequence that has been called and need not come back.
bool CallWitness::may_leave(const Holder& holder) {
    const core::Partition* partition = process_.pipeline().partition(holder.key.first);
    if (partition == nullptr || partition->phase != core::Partition::Phase::running) {
        return true;  // it stopped, or looks for its position again
    }
    Story& known = stories_[holder.key][holder.offset];
    known.passed = known.may_end;
    return known.may_end;
}

// One at a time; and who comes back comes before the others, unless it left the sequence for good.
void CallWitness::check_sequence(const SimulatedRecord& record, Story& story) {
    const std::size_t partition = record.place.partition;
    require(!story.passed, "called again although its sequence went on: partition, offset", partition,
            record.offset);
    if (record.sequence == 0) {
        return;
    }
    const Key key{record.slot, record.epoch};
    const auto [holder, is_free] = holders_.try_emplace(record.sequence, Holder{key, record.offset});
    const bool is_own = holder->second.key == key && holder->second.offset == record.offset;
    world_.sightings.saw(Sighting::sequence_kept, !is_free && is_own);
    if (!is_free && !is_own) {
        require(may_leave(holder->second), "two of a sequence at a time: partition, offset, the other",
                partition, record.offset, holder->second.offset);
        holder->second = {key, record.offset};
    }
    if (world_.scenario.order == core::Order::partition && record.role == Role::source && !story.called) {
        core::Offset& up_to = called_up_to_.try_emplace({key, record.sequence}, -1).first->second;
        require(record.offset > up_to, "called out of its sequence's order: partition, offset, the other",
                partition, record.offset, up_to);
        up_to = record.offset;
    }
}

// In partition order a record waits until all earlier ones are due, whatever its sequence.
void CallWitness::check_predecessors(const core::Now& now, const SimulatedRecord& record) const {
    const std::size_t partition = record.place.partition;
    const Scenario& scenario = world_.scenario;
    if (scenario.order != core::Order::partition || record.role != Role::source ||
        scenario.has(Fault::clock_step) || world_.truth.was_recreated(partition)) {
        return;
    }
    for (core::Offset offset = world_.truth.prefix(partition); offset < record.offset; ++offset) {
        const Truth::Fact& fact = world_.truth.fact(partition, offset);
        const bool counts = !fact.settled && !fact.control && !fact.deleted && !fact.excused &&
                            fact.spec.has_due == RecordSpec::Due::usable &&
                            fact.spec.due < now.wall + scenario.too_far - 12h;
        require(!counts || fact.spec.due <= now.wall,
                "called before an earlier record was due: partition, offset, the other", partition,
                record.offset, offset);
    }
}

// --- the gate -----------------------------------------------------------------------------------------------------

void CallWitness::check_probe(const core::Now& now, const SimulatedRecord& record) {
    if (gate_ == core::Gate::State::open) {
        return;
    }
    require(gate_ == core::Gate::State::holding && !probed_, "called beside a probe: partition, offset",
            record.place.partition, record.offset);
    const bool unhurried = reason_ == Reason::guard || reason_ == Reason::handler_gone;
    const Milliseconds gap = unhurried ? k_unhurried : k_probe_gap_least;
    require(!asked_at_ || now.steady - *asked_at_ >= gap, "probed too soon: partition, offset, reason",
            record.place.partition, record.offset, static_cast<int>(reason_));
    asked_at_ = now.steady;
    probed_ = true;
}

// No more than `guard` decisions in a row. What was never to be delivered passes one at a time.
void CallWitness::check_guard(const core::Now& now, const SimulatedRecord& record, const Story& story) {
    const std::uint32_t guard = world_.scenario.options.guard;
    // When a copy was refused for good is not known here.
    if (guard == 0 || record.reason == Reason::too_large) {
        return;
    }
    std::uint32_t& dead = dead_in_era_[story.judged > 0 ? story.era : era_];
    if (++dead <= guard) {
        return;
    }
    require(story.judged == 0, "more dead letters in a row than the guard allows: partition, offset",
            record.place.partition, record.offset);
    world_.sightings.saw(Sighting::guard_passed);
    require(!passed_at_ || now.steady - *passed_at_ >= k_unhurried,
            "a dead letter passed the guard too soon: partition, offset", record.place.partition,
            record.offset);
    passed_at_ = now.steady;
}

}  // namespace laterd::simulation
