#include "simulation/witness.h"

#include <algorithm>

#include "core/commit_note.h"
#include "simulation/host.h"
#include "simulation/process.h"
#include "simulation/violation.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using core::Outcome;
using core::Partition;
using core::Purpose;

namespace {

// Turns in one second of virtual time; more is a loop that spins.
constexpr std::uint64_t k_turns_max = 40'000;

bool deserves_refusal(const World& world, const RecordSpec& spec) {
    return spec.bytes > world.scenario.target_max_bytes || spec.far_ahead ||
           (world.scenario.target_compacted && !spec.has_key);
}

// Nobody at the handler waits for anybody else.
bool has_hands_free(const Scenario& scenario) {
    return scenario.handler.sequence == Sequence::none && scenario.options.concurrency >= 64;
}

}  // namespace

Witness::Witness(World& world, Host& host, Process& process, Producer& producer, Calls& calls)
    : world_(world),
      host_(host),
      process_(process),
      producer_(producer),
      calls_(calls),
      call_witness_(world, host, process, calls),
      budget_{.hold_bytes = world.scenario.options.hold_bytes, .open_max = world.scenario.options.open_max},
      most_(budget_) {}

Witness::Watch& Witness::watch(core::Slot slot) {
    Watch& seen = watches_[slot];
    if (seen.epoch == 0) {
        seen.epoch = process_.pipeline().epoch(slot);
    }
    return seen;
}

bool Witness::may_go_back(core::Slot slot) const {
    const auto place = watches_.find(slot);
    return place != watches_.end() && place->second.moved;
}

void Witness::forget_what_is_over() {
    std::erase_if(watches_, [this](const auto& each) {
        const auto& [slot, seen] = each;
        const core::Epoch epoch = process_.pipeline().epoch(slot);
        if (epoch == 0) {
            given_up_ += seen.in_flight.size();
        }
        if (epoch != seen.epoch) {
            call_witness_.is_over(slot, seen.epoch);
        }
        return epoch != seen.epoch;
    });
}

// --- events -------------------------------------------------------------------------------------------------------

void Witness::outcome(const core::Now& now, const Outcome& outcome) {
    const SimulatedRecord& record = simulated(*outcome.record);
    forget_what_is_over();
    const bool is_current = record.epoch == process_.pipeline().epoch(record.slot);
    if (world_.scenario.handler.used) {
        call_witness_.outcome(now, outcome, is_current);
    }
    if (!is_current) {
        world_.sightings.saw(Sighting::late_outcome);
        return;
    }
    Watch& seen = watch(record.slot);
    seen.in_flight.erase(record.offset);
    world_.sightings.saw(Sighting::wait_backoff,
                         record.purpose == Purpose::wait && outcome.result == Outcome::Result::not_attempted);
    if (seen.alone == record.offset) {
        seen.alone.reset();
    }
    if (outcome.result != Outcome::Result::delivered) {
        seen.returned.insert(record.offset);
    } else if (!is_strict(record.slot)) {
        seen.fresh.insert(record.offset);
        seen.unnoted_since = seen.unnoted_since.value_or(world_.now());
    }
}

void Witness::committed(std::uint64_t id, std::span<const core::CommitAnswer> answers) {
    forget_what_is_over();
    for (const core::CommitAnswer& answer : answers) {
        world_.note("committed", host_.number(),
                    {static_cast<std::int64_t>(process_.partition_of(answer.slot)), answer.offset,
                     static_cast<std::int64_t>(answer.result)});
    }
    world_.sightings.saw(Sighting::commit_twice_at_once, id != last_commit_);
    bool ok = !answers.empty();
    for (const core::CommitAnswer& answer : answers) {
        if (answer.result != core::CommitAnswer::Result::ok) {
            ok = ok && answer.result != core::CommitAnswer::Result::not_member;
            world_.sightings.saw(answer.result == core::CommitAnswer::Result::failed
                                     ? Sighting::commit_failed
                                     : Sighting::commit_not_member);
            world_.sightings.saw(Sighting::suspended_not_member,
                                 suspended_ && answer.result == core::CommitAnswer::Result::not_member);
        }
        const auto place = watches_.find(answer.slot);
        if (place == watches_.end() || answer.epoch != place->second.epoch) {
            continue;
        }
        Watch& seen = place->second;
        if (answer.result == core::CommitAnswer::Result::ok) {
            seen.acknowledged = std::max(seen.acknowledged, answer.offset);
        } else if (id == last_commit_) {
            seen.requested = seen.acknowledged;
            const Partition* partition = process_.pipeline().partition(answer.slot);
            world_.sightings.saw(Sighting::start_commit_failed,
                                 partition != nullptr && partition->phase == Partition::Phase::committing);
        }
    }
    const bool any_ok = std::any_of(answers.begin(), answers.end(), [](const core::CommitAnswer& answer) {
        return answer.result == core::CommitAnswer::Result::ok;
    });
    if (id == last_commit_) {
        answered_commit_ = id;
    }
    if (suspended_ && ok && any_ok && id > suspended_before_) {
        suspended_ = false;
        world_.sightings.saw(Sighting::unsuspended);
    }
}

void Witness::positions(std::span<const core::Position> found) {
    for (const core::Position& position : found) {
        world_.sightings.saw(Sighting::ask_again, !position.known);
        if (position.committed && position.epoch == process_.pipeline().epoch(position.slot)) {
            Watch& seen = watch(position.slot);
            // Later it may be another owner's.
            seen.acknowledged = seen.acknowledged < 0 ? *position.committed : seen.acknowledged;
            seen.handed = position.done;
            world_.sightings.saw(Sighting::done_map_handed, seen.handed.has_value());
        }
    }
}

void Witness::fetched(core::Slot slot, std::span<const core::RecordPtr> records) {
    const std::optional<core::DoneMap>& handed = watch(slot).handed;
    for (const core::RecordPtr& record : records) {
        world_.sightings.saw(Sighting::done_map_believed,
                             handed && handed->is_settled(record->offset, record->due));
        largest_record_ = std::max<std::uint64_t>(largest_record_, record->bytes);
    }
}

void Witness::suspended() {
    forget_what_is_over();
    bool has_partitions = false;
    for (core::Slot slot = 0; slot < process_.slots(); ++slot) {
        has_partitions = has_partitions || process_.pipeline().partition(slot) != nullptr;
    }
    if (!has_partitions) {
        return;
    }
    suspended_ = true;
    suspended_before_ = last_commit_;
    world_.sightings.saw(Sighting::suspended);
    world_.note("suspended", host_.number(), {});
}

void Witness::assigned_anew() {
    suspended_ = false;
}

void Witness::revoked(const core::Now& now) {
    revoking_ = true;
    revoked_at_ = now.steady;
    const core::SteadyTime end = now.steady + world_.scenario.options.revoke_wait;
    end_by_ = draining_ ? std::min(end_by_, end) : end;
    world_.sightings.saw(Sighting::revoke);
    world_.sightings.saw(Sighting::revoke_waited, process_.pipeline().in_flight() > 0);
}

void Witness::lost() {
    losing_ = true;
    world_.sightings.saw(Sighting::lose);
    world_.sightings.saw(Sighting::lose_in_flight, process_.pipeline().in_flight() > 0);
}

void Witness::draining(const core::Now& now) {
    draining_ = true;
    revoked_at_ = now.steady;
    end_by_ = now.steady + world_.scenario.options.drain_timeout;
    world_.sightings.saw(Sighting::drain);
    world_.sightings.saw(Sighting::drain_waited, process_.pipeline().in_flight() > 0);
}

void Witness::resized(std::uint64_t hold_bytes, std::size_t open_max) {
    budget_ = {.hold_bytes = hold_bytes, .open_max = open_max};
    most_ = {.hold_bytes = std::max(most_.hold_bytes, hold_bytes),
             .open_max = std::max(most_.open_max, open_max)};
}

void Witness::budget_settled() {
    most_ = budget_;
}

void Witness::unfit(bool is_unfit) {
    unfit_ = is_unfit;
}

// --- the turn -----------------------------------------------------------------------------------------------------

void Witness::begin_turn(const core::Now& now) {
    born_ = born_ == core::SteadyTime{} ? now.steady : born_;
    forget_what_is_over();
    for (auto& [slot, seen] : watches_) {
        seen.fresh.clear();
    }
    if (now.steady - second_ >= 1s) {
        second_ = now.steady;
        turns_in_second_ = 0;
    }
    require(++turns_in_second_ <= k_turns_max, "the loop spins: daemon", host_.number());
}

void Witness::before_tick() {
    forget_what_is_over();
    call_witness_.before_tick();
    owed_ = 0;
    for (std::size_t i = 0; i < world_.partitions(); ++i) {
        const auto slot = process_.slot_of(i);
        if (!slot) {
            continue;
        }
        if (const Partition* partition = process_.pipeline().partition(*slot)) {
            // What waits behind something else is not waited for.
            const core::Record* next = partition->hold.next();
            const bool goes = next != nullptr && next->is_owed() && next->fate != core::Fate::stop;
            owed_ += goes ? partition->owed : 0;
            Watch& seen = watch(*slot);
            const auto committable = process_.pipeline().committable(*slot);
            seen.committable =
                committable && partition->phase == Partition::Phase::running ? *committable : -1;
            require(partition->hold.size() == 0 || world_.group.committed(i) || world_.truth.was_recreated(i),
                    "records were read before the start was committed: partition", i);
        }
    }
}

void Witness::end_turn(const core::Now& now) {
    // What ended in this turn was in flight when it began: the pipeline has to have counted it.
    forget_what_is_over();
    const auto& counted = process_.counters().duplicates;
    const std::uint64_t duplicates = counted[static_cast<std::size_t>(core::DuplicateCause::revoked)].get() +
                                     counted[static_cast<std::size_t>(core::DuplicateCause::lost)].get();
    require(duplicates == given_up_, "what was given up is not what was counted: in flight, counted",
            given_up_, duplicates);
    std::size_t in_flight = 0;
    for (auto& [slot, seen] : watches_) {
        in_flight += seen.in_flight.size();
        check_commits_come(now, slot, seen);
    }
    require(process_.pipeline().in_flight() == in_flight, "in flight, by the pipeline and really",
            process_.pipeline().in_flight(), in_flight);
    check_memory();
    look_around(now);
}

// Not only control records, which may be committed past later.
bool Witness::has_records(std::size_t partition, core::Offset from, core::Offset to) const {
    const auto& facts = world_.truth.facts(partition);
    for (core::Offset offset = std::max<core::Offset>(from, 0); offset < to; ++offset) {
        if (static_cast<std::size_t>(offset) >= facts.size() ||
            !facts[static_cast<std::size_t>(offset)].control) {
            return true;
        }
    }
    return false;
}

// What has settled is committed within the interval; with a commit that is not answered, after its timeout.
void Witness::check_commits_come(const core::Now& now, core::Slot slot, Watch& seen) {
    const Partition* partition = process_.pipeline().partition(slot);
    const bool waits = partition != nullptr && partition->phase == Partition::Phase::running && !suspended_ &&
                       has_records(process_.partition_of(slot),
                                   std::max(seen.requested, partition->committed), seen.committable);
    const bool may_commit = partition != nullptr && partition->phase == Partition::Phase::running &&
                            !suspended_ && !revoking_ && !draining_;
    if (!may_commit) {
        seen.unnoted_since.reset();
    }
    if (!waits || revoking_ || draining_) {
        seen.uncommitted_since.reset();
    } else if (!seen.uncommitted_since) {
        seen.uncommitted_since = now.steady;
    }
    std::optional<core::SteadyTime> since = seen.uncommitted_since;
    if (seen.unnoted_since) {
        since = since ? std::min(*since, *seen.unnoted_since) : *seen.unnoted_since;
    }
    if (!since) {
        return;
    }
    const core::PipelineOptions& options = world_.scenario.options;
    Nanoseconds patience = options.commit_interval + 300ms;
    if (last_commit_ != answered_commit_) {
        patience += options.commit_timeout;
    }
    require(now.steady - *since <= patience || world_.scenario.commit_fault_percent > 0 ||
                !world_.scenario.faults.empty(),
            "what has settled is not committed: partition, offset", process_.partition_of(slot),
            seen.committable);
    require(now.steady - *since <= patience + options.commit_timeout + 30s,
            "what has settled is never committed: partition, offset", process_.partition_of(slot),
            seen.committable);
}

void Witness::check_memory() {
    const core::Pipeline& pipeline = process_.pipeline();
    const Scenario& scenario = world_.scenario;
    std::uint64_t held = 0;
    std::uint64_t in_flight = 0;  // of assignments that are not over
    std::size_t open = 0;
    std::uint64_t users = 1;
    for (core::Slot slot = 0; slot < process_.slots(); ++slot) {
        if (const Partition* partition = pipeline.partition(slot)) {
            held += partition->hold.bytes() + partition->staged_bytes;
            in_flight += partition->in_flight_bytes;
            open += partition->open ? 1U : 0U;
            users += partition->open || !partition->is_idle() ? 1U : 0U;
        }
    }
    // What of a log that is gone waits in the stage is still there.
    const std::uint64_t kept = held + producer_.bytes() + calls_.bytes();
    require(pipeline.bytes() == kept ||
                (pipeline.bytes() > kept && world_.truth.was_recreated(world_.first_source())),
            "bytes by the pipeline, held, in flight", pipeline.bytes(), held,
            producer_.bytes() + calls_.bytes());
    require(open <= most_.open_max, "more partitions are open than may be: open", open);
    // Each partition may always have a window, and a read may be too much by what lies in the client's queue.
    constexpr std::uint64_t k_window_least = 16 << 10;
    const std::uint64_t each = k_window_least + 2 * scenario.prefetch_bytes + largest_record_;
    require(held + in_flight <= most_.hold_bytes + users * each, "the budget: bytes, limit, largest record",
            held + in_flight, most_.hold_bytes, largest_record_);
    world_.sightings.saw(Sighting::larger_than_hold, held > 0 && largest_record_ > budget_.hold_bytes);
    world_.sightings.saw(Sighting::budget_overdrawn, held > budget_.hold_bytes + users * each);
    world_.sightings.saw(Sighting::places_overdrawn, open > budget_.open_max);
}

void Witness::look_around(const core::Now& now) {
    const core::Pipeline& pipeline = process_.pipeline();
    Sightings& sightings = world_.sightings;
    sightings.saw(Sighting::hold_full, process_.counters().hold_full_ms.get() > 0);
    sightings.saw(Sighting::gate_holding, pipeline.gate().state() == core::Gate::State::holding);
    sightings.saw(Sighting::gate_probing, pipeline.gate().state() == core::Gate::State::probing);
    const bool is_held = pipeline.gate().state() == core::Gate::State::holding;
    sightings.saw(Sighting::gate_gone, is_held && pipeline.gate().reason() == core::Reason::handler_gone);
    sightings.saw(Sighting::gate_guard, is_held && pipeline.gate().reason() == core::Reason::guard);
    sightings.saw(Sighting::overtaken, process_.counters().overtaken.get() > 0);
    const core::TierTimes& tier = world_.scenario.options.tier;
    for (const auto& [slot, seen] : watches_) {
        const Partition* partition = pipeline.partition(slot);
        if (partition == nullptr) {
            continue;
        }
        sightings.saw(Sighting::start_commit, partition->phase == Partition::Phase::committing);
        if (partition->phase != Partition::Phase::running || !partition->in_client) {
            continue;
        }
        const auto due = partition->head_due();
        sightings.saw(Sighting::unfit_kept, unfit_ && due && *due <= now.wall);
        sightings.saw(Sighting::unfit_kept_copy, unfit_ && partition->owed > 0);
        sightings.saw(Sighting::tier_hot, partition->open && partition->reading && due);
        sightings.saw(Sighting::tier_warm, partition->open && !partition->reading);
        sightings.saw(Sighting::tier_cold, !partition->open && due && *due - now.wall > tier.cold_beyond);
        sightings.saw(Sighting::cold_drop, partition->cold_head.has_value());
        sightings.saw(Sighting::wave, !partition->open && due && *due - now.wall < tier.resume_ahead - 500ms);
        sightings.saw(Sighting::far_due, due && *due - now.wall > 1h);
        sightings.saw(Sighting::in_flight_full,
                      seen.in_flight.size() >= world_.scenario.options.in_flight_max);
    }
}

// --- commands -----------------------------------------------------------------------------------------------------

void Witness::commit_requested(const core::Now& now, const core::CommitRequest& request) {
    world_.sightings.saw(Sighting::commit_timed_out,
                         last_commit_ != answered_commit_ &&
                             now.steady - commit_sent_at_ >= world_.scenario.options.commit_timeout);
    last_commit_ = request.id;
    commit_sent_at_ = now.steady;
    for (const core::CommitEntry& entry : request.entries) {
        const std::size_t partition = process_.partition_of(entry.slot);
        world_.note("commit", host_.number(), {static_cast<std::int64_t>(partition), entry.offset});
        Watch& seen = watch(entry.slot);
        require(process_.client().thinks_it_owns(partition),
                "a commit for a partition that is not owned: partition", partition);
        const bool starts = !world_.group.committed(partition);
        const core::Offset settled =
            std::max(world_.truth.prefix(partition), world_.truth.excused_below(partition));
        require(starts || seen.moved || entry.offset <= settled,
                "a commit passes a record that has not settled: partition, offset, settled up to", partition,
                entry.offset, settled);
        require(seen.moved || entry.offset >= seen.acknowledged, "a commit goes back: partition, from, to",
                partition, seen.acknowledged, entry.offset);
        check_note(now, entry, seen);
        seen.requested = entry.offset;
        seen.uncommitted_since.reset();
        seen.unnoted_since.reset();
        world_.sightings.saw(
            Sighting::control_end,
            entry.offset > 0 && entry.offset == world_.log(partition).high() &&
                static_cast<std::size_t>(entry.offset) <= world_.truth.facts(partition).size() &&
                world_.truth.fact(partition, entry.offset - 1).control);
    }
}

// What is committed with the offset: never more than is true, and with room for it everything.
void Witness::check_note(const core::Now& now, const core::CommitEntry& entry, const Watch& seen) {
    const Scenario& scenario = world_.scenario;
    const auto note = core::decode_commit_note(entry.note);
    require(entry.note.empty() || note, "a commit note that nobody can read: partition",
            process_.partition_of(entry.slot));
    require(entry.note.size() <= std::max(scenario.options.note_chars, core::k_done_head_chars),
            "a commit note is longer than it may be: characters", entry.note.size());
    const std::size_t partition = process_.partition_of(entry.slot);
    const Partition* state = process_.pipeline().partition(entry.slot);
    if (!note || is_strict(entry.slot) || world_.truth.was_recreated(partition) || seen.moved ||
        state == nullptr || state->phase == Partition::Phase::committing) {
        return;
    }
    const auto is_noted = [&](core::Offset offset, core::WallTime due) {
        return note->done && note->done->is_settled(offset, due);
    };
    if (note->done) {
        check_note_is_true(partition, entry.offset, *note->done);
    }
    const bool has_room = scenario.options.note_chars >= 4'096 && entry.note.size() < 3'500;
    if (seen.handed && state->ledger.position() < seen.handed->end) {
        world_.sightings.saw(Sighting::done_map_carried, note->done.has_value());
        const auto& facts = world_.truth.facts(partition);
        for (auto offset = entry.offset; offset < seen.handed->end; ++offset) {
            const Truth::Fact& fact = facts.at(static_cast<std::size_t>(offset));
            // What is too far by one clock may not be so by another.
            const bool is_far = fact.spec.due > now.wall + scenario.too_far - 12h;
            const bool counts = !fact.control && fact.spec.has_due == RecordSpec::Due::usable && !is_far;
            require(!has_room || !counts || !seen.handed->is_settled(offset, fact.spec.due) ||
                        is_noted(offset, fact.spec.due),
                    "what earlier owners had settled is forgotten: partition, offset", partition, offset);
        }
        return;
    }
    for (const core::Ledger::Entry& settled : state->ledger.entries()) {
        // The commit may have been decided before the outcomes of this turn were known.
        const bool forgotten =
            settled.settled && !is_noted(settled.offset, settled.due) && !seen.fresh.contains(settled.offset);
        require(!has_room || !forgotten, "what has settled is not noted: partition, offset", partition,
                settled.offset);
        world_.sightings.saw(Sighting::done_map_partial, forgotten && note->done);
    }
}

void Witness::check_note_is_true(std::size_t partition, core::Offset from, const core::DoneMap& done) const {
    const auto& facts = world_.truth.facts(partition);
    for (core::Offset offset = from; offset < done.end; ++offset) {
        const Truth::Fact& fact = facts.at(static_cast<std::size_t>(offset));
        if (fact.settled || fact.control || fact.deleted || fact.excused) {
            continue;
        }
        const core::WallTime due =
            fact.spec.has_due == RecordSpec::Due::usable ? fact.spec.due : core::WallTime{};
        require(!done.is_settled(offset, due), "noted as settled, and is not: partition, offset", partition,
                offset);
    }
}

void Witness::unassigned(const core::Now& now) {
    world_.note("unassign", host_.number(), {});
    const bool on_time = now.steady - revoked_at_ < (draining_ ? world_.scenario.options.drain_timeout
                                                               : world_.scenario.options.revoke_wait);
    if (!losing_ && (revoking_ || draining_)) {
        std::size_t in_flight = 0;
        for (const auto& [slot, seen] : watches_) {
            in_flight += seen.in_flight.size();
            const bool known = seen.committable < 0 || suspended_ ||
                               seen.committable <= std::max(seen.requested, seen.acknowledged) ||
                               (draining_ && !on_time);
            require(known, "given up without a commit of what had settled: partition, settled, committed",
                    process_.partition_of(slot), seen.committable, seen.requested);
        }
        require(owed_ == 0 || now.steady >= end_by_ || suspended_ || unfit_,
                "given up while copies were owed: records", owed_);
        require(in_flight == 0 || !on_time || draining_, "given up while deliveries were in flight: records",
                in_flight);
        world_.sightings.saw(draining_ ? Sighting::drain_deadline : Sighting::revoke_deadline, in_flight > 0);
    }
    revoking_ = false;
    losing_ = false;
    suspended_ = false;
}

void Witness::assigned(std::span<const core::AssignEntry> entries) {
    for (const core::AssignEntry& entry : entries) {
        const std::size_t partition = process_.partition_of(entry.slot);
        world_.note("assign", host_.number(),
                    {static_cast<std::int64_t>(partition), entry.offset, entry.paused});
        require(process_.client().thinks_it_owns(partition), "assigned what is not owned: partition",
                partition);
        const auto committed = world_.group.committed(partition);
        world_.sightings.saw(
            Sighting::start_latest,
            committed && committed->offset > 0 && world_.scenario.options.start == core::StartPolicy::latest);
        world_.sightings.saw(Sighting::added_partition, world_.truth.is_addition(partition));
    }
}

void Witness::released(const core::Now& now, const core::Record& released) {
    forget_what_is_over();
    const SimulatedRecord& record = simulated(released);
    const std::size_t partition = record.place.partition;
    const auto number = static_cast<std::int64_t>(partition);
    static constexpr const char* k_purposes[] = {"deliver", "retry", "wait", "dead letter"};
    world_.note(k_purposes[static_cast<std::size_t>(record.purpose)], host_.number(),
                {number, record.offset});

    require(record.epoch == process_.pipeline().epoch(record.slot),
            "released in an epoch that is over: partition, offset", partition, record.offset);
    require(process_.client().thinks_it_owns(partition),
            "released from a partition that is not owned: partition, offset", partition, record.offset);
    require(!suspended_, "released while suspended: partition, offset", partition, record.offset);
    require(!unfit_, "released while a topic is unfit: partition, offset", partition, record.offset);
    // What a refused delivery has led to may still be written down.
    const bool goes_round = record.purpose == Purpose::wait;  // long before it is due
    const bool is_owed =
        (record.purpose == Purpose::dead_letter && record.attempts > 0) || record.purpose == Purpose::retry;
    world_.sightings.saw(Sighting::copy_owed_at_end, is_owed && (revoking_ || draining_));
    require((!revoking_ && !draining_) || is_owed, "released while the assignment ends: partition, offset",
            partition, record.offset);
    // A copy that a delivery has led to is written whatever the clock shows by then.
    const bool was_due = is_owed || goes_round || call_witness_.was_called(record);
    require(was_due || now.wall >= record.due, "released early: partition, offset, ms", partition,
            record.offset, (record.due - now.wall).count());
    require(record.judged != core::Fate::stop,
            "a record that stops its partition was released: partition, offset", partition, record.offset);
    require(world_.group.committed(partition) || world_.truth.was_recreated(partition),
            "released before the start was committed: partition, offset", partition, record.offset);
    const bool refused = deserves_refusal(world_, record.spec);
    if (record.purpose == Purpose::dead_letter) {
        require(record.judged == core::Fate::dead_letter || refused || world_.scenario.handler.used,
                "a good record was dead-lettered: partition, offset", partition, record.offset);
        require(world_.scenario.options.has_dead_letter, "a dead letter without a topic for it: partition",
                partition);
        world_.sightings.saw(refused ? Sighting::dead_letter_refused : Sighting::dead_letter_judged);
        world_.sightings.saw(Sighting::dead_letter_smaller, record.form != core::DeadLetterForm::whole);
    } else {
        require(record.judged == core::Fate::deliver, "a dead letter went to the target: partition, offset",
                partition, record.offset);
    }
    if (world_.group.state() == model::Group::State::stable &&
        !world_.group.owns(process_.client().member(), process_.client().generation(), partition)) {
        world_.sightings.saw(Sighting::two_owners);
    }
    if (goes_round) {
        check_lap(now, record);
    }
    // What was judged when it was read overtakes the others.
    const bool is_again = record.purpose != Purpose::deliver || call_witness_.was_called(record);
    world_.sightings.saw(Sighting::lap_ended,
                         record.role == core::Role::waiting && record.purpose == Purpose::deliver);
    check_not_done(record, watch(record.slot));
    check_once(record, watch(record.slot));
    if (is_strict(record.slot)) {
        check_order(record, watch(record.slot));
    }
    if (world_.scenario.handler.used) {
        call_witness_.released(now, record);
    }
    watch(record.slot).released_up_to = std::max(watch(record.slot).released_up_to, record.offset);
    watch(record.slot).in_flight.insert(record.offset);
    check_lateness(now, record, watch(record.slot), is_again);
}

// It comes back in time, from the longest lap that allows for that, and not before the end of the one that it came from.
void Witness::check_lap(const core::Now& now, const SimulatedRecord& record) {
    const std::size_t partition = record.place.partition;
    const auto laps = static_cast<std::int32_t>(world_.waiting.partitions());
    require(record.lap >= 0 && record.lap < laps, "a lap that there is not: partition, offset, lap",
            partition, record.offset, record.lap);
    require(record.copy_due == record.spec.due, "sent away with another due time: partition, offset",
            partition, record.offset);
    const core::Milliseconds length = 1min * (std::int64_t{1} << record.lap);
    const core::Milliseconds left = record.spec.due - now.wall;
    require(left >= length + 10s, "a lap is too long: partition, offset, lap, left ms", partition,
            record.offset, record.lap, left.count());
    const bool longest = record.lap == laps - 1 || left < 2 * length + 10s;
    require(longest || world_.scenario.has(Fault::clock_step),
            "a longer lap would do: partition, offset, lap, left ms", partition, record.offset, record.lap,
            left.count());
    if (record.role == core::Role::waiting) {
        const World::Written& written = world_.written[record.id];
        const core::WallTime end = written.written + 1min * (std::int64_t{1} << world_.number(partition));
        require(now.wall >= end || world_.scenario.has(Fault::clock_step),
                "looked at before its lap's end: partition, offset, ms", partition, record.offset,
                (end - now.wall).count());
    }
    world_.sightings.saw(Sighting::sent_away, record.role == core::Role::source);
    world_.sightings.saw(Sighting::lap_again, record.role == core::Role::waiting);
    world_.sightings.saw(Sighting::retry_sent_away, record.role == core::Role::retry);
}

// With room for everything and nothing failing, what was known in time goes when it is due; and in a crowd everybody gets
// a turn.
void Witness::check_lateness(const core::Now& now, const SimulatedRecord& record, Watch& seen,
                             bool is_again) {
    seen.due_up_to = std::max(seen.due_up_to, record.due);
    const Scenario& scenario = world_.scenario;
    if (!scenario.calm || scenario.options.guard > 0 ||
        (scenario.handler.used && (!has_hands_free(scenario) || is_again))) {
        return;
    }
    const Truth::Fact& fact = world_.truth.fact(record.place.partition, record.offset);
    if (fact.appended - born_ < 20s) {
        return;  // the backlog at the start
    }
    // In due order nobody waits for anybody else.
    const core::WallTime due = scenario.order == core::Order::due ? record.due : seen.due_up_to;
    const Nanoseconds known_for = now.steady - fact.appended;
    const Nanoseconds late = std::min<Nanoseconds>(now.wall - due, known_for);
    const bool in_time = known_for - (now.wall - due) >= 6s;
    Nanoseconds most = in_time ? 50ms : 1'500ms;
    if (scenario.handler.used) {
        most = 3s;  // a burst, some calls after the other
    }
    if (scenario.crowded) {
        most = 8s * static_cast<std::int64_t>(1 + scenario.partitions / scenario.options.open_max);
    }
    require(late <= most, "released late: partition, offset, ms", record.place.partition, record.offset,
            std::chrono::duration_cast<core::Milliseconds>(late).count());
}

// Nothing overtakes anything.
bool Witness::is_strict(core::Slot slot) const {
    return world_.scenario.is_strict() && world_.role(process_.partition_of(slot)) == core::Role::source;
}

void Witness::check_not_done(const SimulatedRecord& record, const Watch& seen) const {
    // What is too far away by today's clock is not asked about; when it comes back it says why.
    const bool is_asked =
        record.reason != core::Reason::due_too_far && !seen.returned.contains(record.offset);
    require(!seen.handed || !is_asked || seen.moved || world_.truth.was_recreated(record.place.partition) ||
                !seen.handed->is_settled(record.offset, record.due),
            "released although an earlier owner had settled it: partition, offset", record.place.partition,
            record.offset);
}

// Elsewhere any other may be in flight; itself it is not, and has not been, unless it came back.
void Witness::check_once(const SimulatedRecord& record, Watch& seen) {
    const std::size_t partition = record.place.partition;
    require(!seen.in_flight.contains(record.offset), "released while it is in flight: partition, offset",
            partition, record.offset);
    if (!is_strict(record.slot)) {
        const bool again = seen.returned.erase(record.offset) > 0;
        require(seen.released.insert(record.offset).second || again, "released again: partition, offset",
                partition, record.offset);
        world_.sightings.saw(Sighting::overtaken_by_due, !again && record.offset < seen.released_up_to &&
                                                             world_.scenario.order == core::Order::due);
    }
}

void Witness::check_order(const SimulatedRecord& record, Watch& seen) {
    const std::size_t partition = record.place.partition;
    require(!seen.alone, "released beside a record that has to be alone: partition, offset", partition,
            record.offset);
    if (record.alone) {
        world_.sightings.saw(Sighting::isolation);
        require(seen.in_flight.empty(), "an isolated record was released beside others: partition, offset",
                partition, record.offset);
        seen.alone = record.offset;
    }
    const bool again = seen.returned.erase(record.offset) > 0;
    const auto overtaken = std::find_if(seen.returned.begin(), seen.returned.end(), [&](core::Offset offset) {
        // Not those that were let go of when the partition went cold, and then deleted by the broker.
        return !world_.truth.was_recreated(partition) && !world_.truth.fact(partition, offset).deleted;
    });
    require(overtaken == seen.returned.end() || *overtaken > record.offset,
            "a record overtakes one that is tried again: partition, offset, the other", partition,
            record.offset, overtaken == seen.returned.end() ? -1 : *overtaken);
    require(again || record.offset > seen.released_up_to, "released again: partition, offset", partition,
            record.offset);
    // A log that was made anew under the daemon's feet has no order that it could know.
    if (!again && !world_.truth.was_recreated(partition)) {
        const core::Offset from = std::max(seen.released_up_to + 1, world_.truth.prefix(partition));
        for (core::Offset offset = from; offset < record.offset; ++offset) {
            const Truth::Fact& fact = world_.truth.fact(partition, offset);
            require(fact.settled || fact.control || fact.deleted || fact.excused,
                    "a record was passed over: partition, offset, the other", partition, record.offset,
                    offset);
        }
    }
}

void Witness::notice(const core::Notice& notice) {
    const std::size_t partition =
        notice.slot < process_.slots() ? process_.partition_of(notice.slot) : std::size_t{0};
    const auto number = static_cast<std::int64_t>(partition);
    using Kind = core::Notice::Kind;
    switch (notice.kind) {
        case Kind::hold_full:
            world_.note("hold full", host_.number(), {number});
            return;
        case Kind::partition_stopped:
            world_.note("stopped", host_.number(), {number, notice.offset});
            world_.sightings.saw(Sighting::stop_record);
            return;
        case Kind::position_stopped:
            world_.note("position stopped", host_.number(), {number, notice.offset});
            world_.sightings.saw(Sighting::stop_position);
            require(world_.truth.was_recreated(partition),
                    "stopped for a position that is right: partition, offset", partition, notice.offset);
            return;
        case Kind::records_lost:
            world_.note("lost records", host_.number(),
                        {number, notice.offset, static_cast<std::int64_t>(notice.count)});
            world_.sightings.saw(Sighting::lost);
            world_.truth.lost(partition, notice.offset - static_cast<core::Offset>(notice.count),
                              notice.offset);
            return;
        case Kind::position_moved:
            world_.note("moved", host_.number(), {number, notice.offset});
            world_.sightings.saw(Sighting::position_moved);
            require(world_.truth.was_recreated(partition),
                    "a position that is right was moved: partition, offset", partition, notice.offset);
            watch(notice.slot).moved = true;
            call_witness_.is_over(notice.slot, watch(notice.slot).epoch);
            watch(notice.slot).acknowledged = -1;
            watch(notice.slot).requested = -1;
            watch(notice.slot).released_up_to = -1;
            watch(notice.slot).returned.clear();
            watch(notice.slot).released.clear();
            world_.truth.excuse_below(partition, notice.offset);
            return;
        case Kind::gate_open:
            world_.note("gate open", host_.number(), {});
            world_.sightings.saw(Sighting::gate_reopened);
            return;
        case Kind::gate_holding:
            world_.note("gate holding", host_.number(), {static_cast<std::int64_t>(notice.reason)});
            call_witness_.holding();
            return;
        case Kind::copy_backoff:
            world_.sightings.saw(Sighting::dead_letter_backoff);
            return;
        case Kind::dead_lettered:
        case Kind::duplicates:
        case Kind::suspended:
        case Kind::unsuspended:
        case Kind::commit_failed:
            return;
    }
}

}  // namespace laterd::simulation
