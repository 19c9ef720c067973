#include "simulation/process.h"

#include <algorithm>

#include "simulation/copy.h"
#include "simulation/host.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;

namespace {

// Records taken from the client's queues in one turn.
constexpr std::size_t k_read_per_turn = 2'048;

}  // namespace

Process::Process(World& world, Host& host)
    : world_(world),
      host_(host),
      pipeline_(world.scenario.options, counters_),
      client_(world, host, *this),
      producer_(world, host, [this](std::vector<core::Outcome> outcomes) { answered(std::move(outcomes)); }),
      calls_(world, host, [this](std::vector<core::Outcome> outcomes) { answered(std::move(outcomes)); }),
      witness_(world, host, *this, producer_, calls_) {
    count_laps();
}

// --- events -------------------------------------------------------------------------------------------------------

void Process::post(Event event) {
    inbox_.push_back(std::move(event));
    turn_soon();
}

void Process::answered(std::vector<core::Outcome> outcomes) {
    auto shared = std::make_shared<std::vector<core::Outcome>>(std::move(outcomes));
    post([this, shared](const core::Now& now) {
        for (const core::Outcome& outcome : *shared) {
            witness_.outcome(now, outcome);
        }
        pipeline_.outcomes(now, *shared);
    });
}

// How many laps the waiting topic has is known from the start, or later.
void Process::count_laps() {
    if (world_.waiting.partitions() == 0) {
        return;
    }
    const auto count = static_cast<std::int32_t>(world_.waiting.partitions());
    if (world_.random.chance(80)) {
        pipeline_.wait_partitions(count);
        return;
    }
    host_.after(world_.random.between(1s, 60s), [this, count] { pipeline_.wait_partitions(count); });
}

void Process::turn_soon() {
    if (turn_pending_) {
        return;
    }
    turn_pending_ = true;
    const bool stalls = !world_.faults_over && world_.random.chance(world_.scenario.stall_percent);
    host_.after(stalls ? world_.random.between(1ms, 200ms) : world_.random.between(2us, 60us), [this] {
        if (turn_pending_) {
            turn();
        }
    });
}

void Process::was_suspended() {
    // The first thing that the loop sees, before anything that waited.
    inbox_.insert(inbox_.begin(), [this](const core::Now& now) {
        pipeline_.suspended(now);
        witness_.suspended();
    });
    turn_soon();
}

void Process::clock_stepped() {
    post([this](const core::Now& now) { pipeline_.clock_stepped(now); });
}

void Process::drain() {
    draining_ = true;
    post([this](const core::Now& now) {
        pipeline_.drain(now);
        witness_.draining(now);
    });
}

void Process::resize(std::uint64_t hold_bytes, std::uint32_t open_max) {
    post([=, this](const core::Now& now) {
        witness_.resized(hold_bytes, open_max);
        pipeline_.resize(now, hold_bytes, open_max);
    });
}

void Process::unfit(core::Reason reason) {
    post([=, this](const core::Now& now) {
        witness_.unfit(reason != core::Reason::none);
        pipeline_.unfit(now, reason);
    });
}

void Process::dies() {
    world_.sightings.saw(Sighting::crash_in_flight, producer_.records() + calls_.records() > 0);
    producer_.dies();
}

core::Slot Process::take_slot(std::size_t partition) {
    if (const auto slot = slot_of(partition)) {
        return *slot;
    }
    partitions_.push_back(partition);
    return static_cast<core::Slot>(partitions_.size() - 1);
}

std::optional<core::Slot> Process::slot_of(std::size_t partition) const {
    const auto place = std::find(partitions_.begin(), partitions_.end(), partition);
    return place == partitions_.end() ? std::nullopt
                                      : std::optional(static_cast<core::Slot>(place - partitions_.begin()));
}

void Process::on_assigned(std::vector<std::size_t> partitions) {
    post([this, partitions = std::move(partitions)](const core::Now& now) {
        std::vector<core::Assigned> assigned;
        for (const std::size_t partition : partitions) {
            assigned.push_back({.slot = take_slot(partition),
                                .number = world_.number(partition),
                                .role = world_.role(partition),
                                .order = world_.scenario.order});
        }
        pipeline_.assigned(now, assigned);
        witness_.assigned_anew();
    });
}

void Process::on_revoke() {
    post([this](const core::Now& now) {
        pipeline_.revoke(now);
        witness_.revoked(now);
    });
}

void Process::on_lost() {
    post([this](const core::Now& now) {
        witness_.lost();
        pipeline_.lose(now);
    });
}

void Process::on_out_of_range(std::size_t partition, core::Epoch epoch) {
    world_.sightings.saw(Sighting::out_of_range);
    post([this, partition, epoch](const core::Now& now) {
        if (const auto slot = slot_of(partition)) {
            pipeline_.out_of_range(now, *slot, epoch);
        }
    });
}

void Process::on_committed(std::uint64_t id, std::vector<core::CommitAnswer> answers) {
    post([this, id, answers = std::move(answers)](const core::Now& now) {
        witness_.committed(id, answers);
        pipeline_.committed(now, id, answers);
    });
}

void Process::on_positions(std::vector<core::Position> found) {
    post([this, found = std::move(found)](const core::Now& now) {
        witness_.positions(found);
        pipeline_.positions(now, found);
    });
}

// --- a turn of the loop -------------------------------------------------------------------------------------------

void Process::turn() {
    turn_pending_ = false;
    if (ended_) {
        return;
    }
    ++turns_;
    ++timer_;
    const core::Now now = host_.read_clocks();
    witness_.begin_turn(now);
    std::vector<Event> events;
    events.swap(inbox_);
    for (const Event& event : events) {
        event(now);
    }
    read(now);
    witness_.before_tick();
    pipeline_.tick(now);
    const bool drained = pipeline_.commands().drained;
    execute(now);
    witness_.end_turn(now);
    if (drained) {
        ended_ = true;
        client_.leave();
        // Not from inside of its own turn.
        world_.agenda.at(world_.now(), [&host = host_, life = host_.life()] {
            if (life == host.life()) {
                host.ended();
            }
        });
        return;
    }
    arm();
}

void Process::read(const core::Now& now) {
    if (!stale_.empty() && stale_.front()->epoch != pipeline_.epoch(stale_slot_)) {
        world_.sightings.saw(Sighting::stale_records);
        pipeline_.fetched(now, stale_slot_, stale_);
    }
    std::size_t left = k_read_per_turn;
    bool more = false;
    for (const std::size_t partition : client_.with_records()) {
        const auto slot = slot_of(partition);
        if (!slot) {
            continue;
        }
        const std::size_t allowed = std::min(pipeline_.allowance(now, *slot), left);
        if (allowed > 0) {
            read_partition(now, partition, allowed);
            left -= allowed;
            more = true;
        }
    }
    if (more) {
        turn_soon();  // there may be more to take
    }
}

void Process::read_partition(const core::Now& now, std::size_t partition, std::size_t most) {
    const core::Slot slot = *slot_of(partition);
    std::vector<core::RecordPtr> records;
    std::optional<Client::Item> end;
    while (records.size() < most && client_.peek(partition) != nullptr) {
        const Client::Item item = client_.pop(partition);
        if (item.at_end) {
            end = item;
            break;
        }
        const core::Partition* known = pipeline_.partition(slot);
        world_.sightings.saw(Sighting::stale_records,
                             known != nullptr && item.offset < known->ledger.position());
        records.push_back(as_record(now, slot, item));
    }
    if (!records.empty()) {
        if (stale_.empty() && world_.random.chance(1)) {
            stale_slot_ = slot;
            const SimulatedRecord& kept = simulated(*records.back());
            auto copy = std::make_unique<SimulatedRecord>();
            copy->offset = kept.offset;
            copy->slot = kept.slot;
            copy->epoch = kept.epoch;
            copy->bytes = kept.bytes;
            copy->due = kept.due;
            copy->place = kept.place;
            copy->spec = kept.spec;
            copy->id = kept.id;
            copy->role = kept.role;
            stale_.push_back(std::move(copy));
        }
        witness_.fetched(slot, records);
        pipeline_.fetched(now, slot, records);
    }
    if (end) {
        pipeline_.end_reached(now, slot, end->epoch, end->offset);
    }
}

core::RecordPtr Process::as_record(const core::Now& now, core::Slot slot, const Client::Item& item) const {
    const Scenario& scenario = world_.scenario;
    auto record = std::make_unique<SimulatedRecord>();
    record->offset = item.offset;
    record->slot = slot;
    record->epoch = item.epoch;
    record->id = item.id;
    record->role = world_.role(partition_of(slot));
    record->place = world_.written[item.id].place;
    record->spec = world_.written[item.id].spec;
    record->bytes = item.bytes + core::k_record_overhead;
    if (record->role != core::Role::source) {
        read_copy(world_, *record);
        record->sequence = sequence_of(*record);
        return record;
    }
    record->sequence = sequence_of(*record);
    const bool too_far = record->spec.due > now.wall + scenario.too_far;
    if (record->spec.has_due == RecordSpec::Due::usable && !too_far) {
        record->due = record->spec.due;
        return record;
    }
    record->reason = too_far ? core::Reason::due_too_far
                             : (record->spec.has_due == RecordSpec::Due::missing ? core::Reason::due_missing
                                                                                 : core::Reason::due_invalid);
    record->fate = scenario.odd_now ? core::Fate::deliver : scenario.odd_fate;
    record->judged = record->fate;
    return record;
}

// As the worker's intake does.
std::uint64_t Process::sequence_of(const SimulatedRecord& record) const noexcept {
    const HandlerScenario& handler = world_.scenario.handler;
    if (!handler.used || record.attempts > 0 || record.role == core::Role::retry) {
        return 0;
    }
    switch (handler.sequence) {
        case Sequence::none:
            return 0;
        case Sequence::key:
            return record.spec.key == 0 ? 0 : 2 * std::uint64_t{record.spec.key} + 1;
        case Sequence::partition:
            return 2 * world_.written[world_.written[record.id].origin].place.partition + 1;
    }
    return 0;
}

void Process::deliver(const core::Now& now, std::vector<core::RecordPtr>& records) {
    std::vector<core::RecordPtr> produced;
    for (core::RecordPtr& record : records) {
        witness_.released(now, *record);
        if (world_.scenario.handler.used && record->purpose == core::Purpose::deliver) {
            calls_.deliver(std::move(record));
        } else {
            produced.push_back(std::move(record));
        }
    }
    records.clear();
    producer_.deliver(produced);
}

void Process::execute(const core::Now& now) {
    core::Commands& commands = pipeline_.commands();
    // They say why: what was counted as lost may be committed past by this very turn.
    for (const core::Notice& notice : commands.notices) {
        witness_.notice(notice);
    }
    if (commands.commit) {
        witness_.commit_requested(now, *commands.commit);
        std::vector<Client::Commit> entries;
        for (const core::CommitEntry& entry : commands.commit->entries) {
            entries.push_back({.partition = partition_of(entry.slot),
                               .entry = entry,
                               .may_go_back = witness_.may_go_back(entry.slot)});
        }
        client_.commit(commands.commit->id, std::move(entries));
    }
    if (commands.unassign) {
        witness_.unassigned(now);
        client_.unassign(!commands.drained);
    }
    if (commands.assign) {
        std::vector<Client::Start> entries;
        for (const core::AssignEntry& entry : *commands.assign) {
            entries.push_back({.partition = partition_of(entry.slot),
                               .epoch = pipeline_.epoch(entry.slot),
                               .offset = entry.offset,
                               .paused = entry.paused});
        }
        witness_.assigned(*commands.assign);
        client_.assign(entries);
    }
    for (const core::Slot slot : commands.pause) {
        client_.pause(partition_of(slot));
    }
    for (const core::ResumeEntry& entry : commands.resume) {
        client_.resume(partition_of(entry.slot), entry.offset);
    }
    if (!commands.look_up.empty()) {
        std::vector<Client::Question> questions;
        for (const core::Slot slot : commands.look_up) {
            questions.push_back(
                {.partition = partition_of(slot), .slot = slot, .epoch = pipeline_.epoch(slot)});
            if (world_.random.chance(20)) {
                client_.look_up(std::move(questions));
                questions.clear();
            }
        }
        if (!questions.empty()) {
            client_.look_up(std::move(questions));
        }
    }
    deliver(now, commands.deliveries);
}

void Process::arm() {
    core::Commands& commands = pipeline_.commands();
    std::optional<core::SteadyTime> at = commands.wake_steady;
    if (commands.wake_wall) {
        const core::SteadyTime wall = host_.when(*commands.wake_wall);
        at = at ? std::min(*at, wall) : wall;
    }
    commands.clear();
    if (at) {
        const Nanoseconds left = std::max<Nanoseconds>(*at - world_.now(), 1us);
        host_.after(left + world_.random.between(0us, 40us), [this, timer = timer_] {
            if (timer == timer_) {
                turn();
            }
        });
    }
}

}  // namespace laterd::simulation
