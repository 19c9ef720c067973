#include "unit/pipeline_world.h"

#include <algorithm>

#include "support/catch.hpp"

namespace laterd::tests {

namespace {

// More turns than this at one instant mean that the pipeline spins.
constexpr int k_turns_most = 2'000;

}  // namespace

PipelineWorld::PipelineWorld(PipelineOptions options, Slot partitions) : pipeline(options, counters) {
    logs.resize(partitions);
}

PipelineWorld::~PipelineWorld() = default;

Offset PipelineWorld::produce(Slot slot, const Entry& entry) {
    Log& log = logs.at(slot);
    log.records[log.high] = entry;
    return log.high++;
}

void PipelineWorld::produce_invisible(Slot slot, Offset count) {
    logs.at(slot).high += count;
}

// --- events -------------------------------------------------------------------------------------------------------

void PipelineWorld::assign() {
    std::vector<Assigned> all;
    for (Slot slot = 0; slot < logs.size(); ++slot) {
        all.push_back({.slot = slot,
                       .number = static_cast<std::int32_t>(slot),
                       .role = slot < roles.size() ? roles[slot] : Role::source,
                       .order = slot < orders.size() ? orders[slot] : Order::partition});
    }
    pipeline.assigned(now, all);
    settle();
}

void PipelineWorld::revoke() {
    pipeline.revoke(now);
    settle();
}

void PipelineWorld::lose() {
    pipeline.lose(now);
    settle();
}

void PipelineWorld::step_wall(Milliseconds by) {
    now.wall += by;
    pipeline.clock_stepped(now);
    settle();
}

void PipelineWorld::settle() {
    for (int turns = 0; turn(); ++turns) {
        REQUIRE(turns < k_turns_most);
    }
}

void PipelineWorld::advance(Milliseconds by) {
    const SteadyTime end = now.steady + by;
    int idle = 0;  // turns that the pipeline asked for and that changed nothing, without time going on
    while (true) {
        settle();
        if (now.steady == end) {
            return;
        }
        auto next = end - now.steady;
        if (wake_wall_) {
            next = std::min<std::chrono::nanoseconds>(next, *wake_wall_ - now.wall);
        }
        if (wake_steady_) {
            next = std::min<std::chrono::nanoseconds>(next, *wake_steady_ - now.steady);
        }
        const auto whole = std::max(std::chrono::ceil<Milliseconds>(next), Milliseconds{0});
        idle = whole == Milliseconds{0} ? idle + 1 : 0;
        REQUIRE(idle < 100);
        now.steady += whole;
        now.wall += whole;
    }
}

// --- one turn of the loop -----------------------------------------------------------------------------------------

bool PipelineWorld::turn() {
    bool moved = !answers_.empty();
    for (const auto& each : std::exchange(answers_, {})) {
        each();
    }
    moved = answer_sink() || moved;
    for (auto place = client_.begin(); place != client_.end();) {
        const auto current = place++;  // reading may take it out of the client
        moved = (!current->second.paused && read(current->first, current->second)) || moved;
    }
    pipeline.tick(now);
    open_most =
        std::max(open_most,
                 static_cast<std::size_t>(std::count_if(
                     client_.begin(), client_.end(), [](const auto& each) { return !each.second.paused; })));
    bytes_most = std::max(bytes_most, pipeline.bytes());
    Commands& commands = pipeline.commands();
    wake_wall_ = commands.wake_wall;
    wake_steady_ = commands.wake_steady;
    const bool asked = commands.commit || commands.unassign || commands.assign || !commands.pause.empty() ||
                       !commands.resume.empty() || !commands.look_up.empty() || !commands.deliveries.empty();
    execute(commands);
    commands.clear();
    return moved || asked;
}

bool PipelineWorld::read(Slot slot, Reading& reading) {
    const Log& log = logs.at(slot);
    const Epoch epoch = pipeline.epoch(slot);
    if (reading.position < log.low || reading.position > log.high) {
        client_.erase(slot);
        pipeline.out_of_range(now, slot, epoch);
        return true;
    }
    const std::size_t most = pipeline.allowance(now, slot);
    std::vector<RecordPtr> records;
    auto next = log.records.lower_bound(reading.position);
    for (; records.size() < most && next != log.records.end(); ++next) {
        auto record = std::make_unique<Record>();
        record->offset = next->first;
        record->due = k_start_wall + next->second.due;
        record->slot = slot;
        record->epoch = epoch;
        record->bytes = next->second.bytes;
        record->fate = next->second.fate;
        record->reason = next->second.reason;
        record->sequence = next->second.sequence;
        record->attempts = next->second.attempts;
        if (next->second.lap_end) {
            record->lap_end = k_start_wall + *next->second.lap_end;
        }
        reading.position = next->first + 1;
        records.push_back(std::move(record));
    }
    const bool got = !records.empty();
    if (got) {
        pipeline.fetched(now, slot, records);
    }
    if (most > 0 && next == log.records.end() && reading.end_told != log.high) {
        reading.position = log.high;
        reading.end_told = log.high;
        pipeline.end_reached(now, slot, epoch, log.high);
        return true;
    }
    return got;
}

bool PipelineWorld::answer_sink() {
    if ((!sink && !judge) || in_sink_.empty()) {
        return false;
    }
    for (RecordPtr& record : std::exchange(in_sink_, {})) {
        const Outcome::Result result = judge ? judge(*record) : *sink;
        finish(std::move(record), result, result == Outcome::Result::delivered ? Reason::none : sink_reason);
    }
    return true;
}

void PipelineWorld::answer(Slot slot, Outcome::Result result, Reason reason) {
    const auto found = std::find_if(in_sink_.begin(), in_sink_.end(),
                                    [slot](const RecordPtr& record) { return record->slot == slot; });
    REQUIRE(found != in_sink_.end());
    RecordPtr record = std::move(*found);
    in_sink_.erase(found);
    finish(std::move(record), result, reason);
    settle();
}

void PipelineWorld::finish(RecordPtr record, Outcome::Result result, Reason reason) {
    if (result == Outcome::Result::delivered) {
        logs.at(record->slot).settled.insert(record->offset);
    }
    std::vector<Outcome> outcomes;
    outcomes.push_back(
        {.record = std::move(record), .result = result, .reason = reason, .retry_after = retry_after});
    pipeline.outcomes(now, outcomes);
    REQUIRE(outcomes.empty());
}

// --- commands -----------------------------------------------------------------------------------------------------

void PipelineWorld::execute(Commands& commands) {
    if (commands.commit) {
        execute(*commands.commit);
    }
    if (commands.unassign) {
        client_.clear();
        unassigned_at = since_start();
    }
    if (commands.assign) {
        client_.clear();
        for (const AssignEntry& entry : *commands.assign) {
            client_[entry.slot] = {.position = entry.offset, .paused = entry.paused, .end_told = {}};
        }
    }
    for (const Slot slot : commands.pause) {
        client_.at(slot).paused = true;
    }
    for (const ResumeEntry& entry : commands.resume) {
        client_.at(entry.slot) = {.position = entry.offset, .paused = false, .end_told = {}};
        resumed_at[entry.slot] = since_start();
    }
    for (const Slot slot : commands.look_up) {
        look_up(slot);
    }
    for (RecordPtr& record : commands.deliveries) {
        release(std::move(record));
    }
    notices.insert(notices.end(), commands.notices.begin(), commands.notices.end());
    drained = drained || commands.drained;
}

void PipelineWorld::execute(const CommitRequest& request) {
    requests.push_back(request);
    std::vector<CommitAnswer> all;
    for (const CommitEntry& entry : request.entries) {
        const std::optional<Offset> passed = unsettled_below(entry.slot, entry.offset);
        INFO("commit of " << entry.offset << " in slot " << entry.slot << " passes " << passed.value_or(-1));
        REQUIRE_FALSE(passed.has_value());
        if (commits == CommitAnswer::Result::ok) {
            logs.at(entry.slot).committed = entry.offset;
            logs.at(entry.slot).note = entry.note;
        }
        if (commits) {
            all.push_back(
                {.slot = entry.slot, .epoch = entry.epoch, .offset = entry.offset, .result = *commits});
        }
    }
    if (commits) {
        answers_.emplace_back([this, id = request.id, all] { pipeline.committed(now, id, all); });
    }
}

// The first record since the last commit that a commit of `offset` would lose.
std::optional<Offset> PipelineWorld::unsettled_below(Slot slot, Offset offset) const {
    const Log& log = logs.at(slot);
    const Offset from = std::max(log.low, log.committed.value_or(offset));
    for (auto each = log.records.lower_bound(from); each != log.records.end() && each->first < offset;
         ++each) {
        if (!log.settled.contains(each->first)) {
            return each->first;
        }
    }
    return std::nullopt;
}

void PipelineWorld::look_up(Slot slot) {
    ++look_ups_asked;
    if (look_ups == Answers::never) {
        return;
    }
    const Log& log = logs.at(slot);
    const Position found{.slot = slot,
                         .epoch = pipeline.epoch(slot),
                         .known = look_ups == Answers::at_once,
                         .committed = log.committed,
                         .low = log.low,
                         .high = log.high,
                         .partitions = static_cast<std::int32_t>(logs.size()),
                         .partitions_before = 0,
                         .done = decode_commit_note(log.note).value_or(CommitNote{}).done};
    answers_.emplace_back([this, found] { pipeline.positions(now, std::span(&found, 1)); });
}

void PipelineWorld::release(RecordPtr record) {
    INFO("slot " << record->slot << ", offset " << record->offset);
    REQUIRE((record->due <= now.wall || record->purpose == Purpose::wait));
    releases.push_back({.slot = record->slot,
                        .offset = record->offset,
                        .at = now.wall,
                        .purpose = record->purpose,
                        .form = record->form,
                        .reason = record->reason,
                        .alone = record->alone,
                        .attempts = record->attempts,
                        .copy_due = record->copy_due,
                        .lap = record->lap});
    in_sink_.push_back(std::move(record));
}

// --- what has been seen -------------------------------------------------------------------------------------------

std::vector<Offset> PipelineWorld::released(Slot slot) const {
    std::vector<Offset> offsets;
    for (const Release& each : releases) {
        if (each.slot == slot) {
            offsets.push_back(each.offset);
        }
    }
    return offsets;
}

std::size_t PipelineWorld::waiting_for_sink(Slot slot) const {
    return static_cast<std::size_t>(std::count_if(
        in_sink_.begin(), in_sink_.end(), [slot](const RecordPtr& record) { return record->slot == slot; }));
}

bool PipelineWorld::has_notice(Notice::Kind kind) const {
    return std::any_of(notices.begin(), notices.end(),
                       [kind](const Notice& each) { return each.kind == kind; });
}

bool PipelineWorld::is_reading(Slot slot) const {
    const auto found = client_.find(slot);
    return found != client_.end() && !found->second.paused;
}

std::uint64_t PipelineWorld::duplicates(DuplicateCause cause) const {
    return counters.duplicates[static_cast<std::size_t>(cause)].get();
}

}  // namespace laterd::tests
