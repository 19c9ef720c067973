#include "simulation/client.h"

#include <algorithm>

#include "core/commit_note.h"
#include "simulation/host.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using core::CommitAnswer;

// --- membership ---------------------------------------------------------------------------------------------------

std::string Client::instance() const {
    return host_.instance();
}

bool Client::coordinator_answers() const {
    return host_.reaches_brokers() && world_.coordinator_up;
}

bool Client::thinks_it_owns(std::size_t partition) const {
    return (state_ == State::assigned || state_ == State::revoking) &&
           std::find(owned_.begin(), owned_.end(), partition) != owned_.end();
}

// Requests to the coordinator share a connection: they arrive in the order in which they were sent.
void Client::send(std::function<void()> request) {
    last_arrival_ = std::max(last_arrival_, world_.now() + world_.hop());
    world_.agenda.at(last_arrival_, std::move(request));
}

void Client::join() {
    state_ = State::joining;
    last_contact_ = world_.now();
    send_join();
}

void Client::send_join() {
    if (state_ != State::joining) {
        return;
    }
    if (!coordinator_answers()) {
        host_.after(world_.random.between(100ms, 500ms), [this] { send_join(); });
        return;
    }
    send([this, life = host_.life(), &host = host_] {
        if (life != host.life() || state_ != State::joining) {
            return;
        }
        if (!coordinator_answers()) {
            send_join();
            return;
        }
        if (member_ != 0 && !world_.group.has(member_)) {
            member_ = 0;  // UNKNOWN_MEMBER_ID, and the next try is one of a new member
        }
        world_.coordinator.join(*this);
        expect_heartbeat(k_heartbeat);
    });
}

void Client::leave() {
    state_ = State::away;
    // A static member does not say good-bye.
    if (host_.instance().empty()) {
        send([&world = world_, member = member_] {
            if (world.brokers_up && world.coordinator_up) {
                world.coordinator.leave(member);
            } else {
                world.agenda.at(world.now() + k_session,
                                [&world, member] { world.coordinator.expire(member); });
            }
        });
    } else {
        world_.agenda.at(world_.now() + k_session,
                         [&world = world_, member = member_] { world.coordinator.expire(member); });
    }
}

void Client::answer_join(model::Generation generation, std::vector<std::size_t> partitions) {
    host_.after(world_.hop(), [this, generation, partitions = std::move(partitions)]() mutable {
        if (state_ != State::joining) {
            expect_heartbeat(world_.random.between(0s, k_heartbeat));  // an answer to an older request
            return;
        }
        if (!coordinator_answers()) {
            answer_join(generation, std::move(partitions));
            return;
        }
        if (!world_.group.has(member_)) {
            send_join();
            return;
        }
        state_ = State::assigned;
        generation_ = generation;
        owned_ = partitions;
        last_contact_ = world_.now();
        world_.note("assigned", host_.number(), {generation, static_cast<std::int64_t>(owned_.size())});
        events_.on_assigned(std::move(partitions));
        if (generation != world_.group.generation()) {
            expect_heartbeat(world_.random.between(0s, k_heartbeat));
        }
    });
}

void Client::expect_heartbeat(Nanoseconds delay) {
    if (!beating_) {
        beating_ = true;
        host_.after(delay, [this] {
            beating_ = false;
            heartbeat();
        });
    }
}

// Only sent while something may have changed: a heartbeat that changes nothing is left out of the simulation.
void Client::heartbeat() {
    if (state_ == State::away) {
        return;
    }
    if (!coordinator_answers()) {
        if (state_ == State::assigned && world_.now() - last_contact_ >= k_session) {
            lose();
        }
        expect_heartbeat(500ms);
        return;
    }
    last_contact_ = world_.now();
    const bool is_member = world_.group.has(member_);
    if (state_ == State::joining) {
        if (!is_member || world_.group.waits_for(member_)) {
            send_join();
        }
        expect_heartbeat(k_heartbeat);
        return;
    }
    if (state_ != State::assigned) {
        return;
    }
    if (!is_member) {
        lose();
    } else if (world_.group.waits_for(member_)) {
        world_.note("revoke", host_.number(), {});
        state_ = State::revoking;
        events_.on_revoke();
        // Rarely seen: the session ends while the daemon still gives its partitions up.
        if (world_.random.chance(3)) {
            host_.after(world_.random.between(0s, 3s), [this] {
                if (state_ == State::revoking) {
                    lose();
                }
            });
        }
    } else if (generation_ != world_.group.generation()) {
        lose();
    }
}

void Client::lose() {
    world_.note("lost", host_.number(), {});
    state_ = State::lost;
    events_.on_lost();
}

void Client::contact_changed() {
    const bool answers = coordinator_answers();
    if (had_contact_ && !answers) {
        last_contact_ = world_.now() - world_.random.between(0s, k_heartbeat);
    }
    had_contact_ = answers;
    expect_heartbeat(world_.random.between(0s, 1s));
    if (host_.reaches_brokers()) {
        for (auto& [partition, fetcher] : fetchers_) {
            fetch_after(partition, world_.random.between(1ms, 1s));
        }
    }
}

void Client::woke(SteadyTime frozen_at) {
    last_contact_ = frozen_at - world_.random.between(0s, k_heartbeat);
    host_.after(world_.random.between(0s, 1s), [this] {
        const bool own_clock = world_.random.chance(50) && world_.now() - last_contact_ >= k_session;
        if (state_ == State::assigned && own_clock) {
            lose();
        } else {
            heartbeat();
        }
    });
}

// --- what is read -------------------------------------------------------------------------------------------------

void Client::unassign(bool rejoin) {
    fetchers_.clear();
    owned_.clear();
    if (rejoin && state_ != State::away) {
        if (!world_.group.has(member_)) {
            member_ = 0;
        }
        state_ = State::joining;
        send_join();
    }
}

void Client::assign(std::span<const Start> entries) {
    fetchers_.clear();
    for (const Start& entry : entries) {
        Fetcher& fetcher = fetchers_[entry.partition];
        fetcher.epoch = entry.epoch;
        fetcher.next = entry.offset;
        fetcher.app_position = entry.offset;
        fetcher.paused = entry.paused;
        fetcher.version = ++version_;
        if (!entry.paused) {
            fetch_after(entry.partition, world_.random.between(1ms, 1s));
        }
    }
}

void Client::pause(std::size_t partition) {
    if (const auto place = fetchers_.find(partition); place != fetchers_.end()) {
        Fetcher& fetcher = place->second;
        fetcher.paused = true;
        fetcher.version = ++version_;
        fetcher.queue.clear();
        fetcher.queued_bytes = 0;
        fetcher.full = false;
        fetcher.next = fetcher.app_position;
    }
}

void Client::resume(std::size_t partition, Offset offset) {
    if (const auto place = fetchers_.find(partition); place != fetchers_.end()) {
        Fetcher& fetcher = place->second;
        fetcher.paused = false;
        fetcher.version = ++version_;
        fetcher.queue.clear();
        fetcher.queued_bytes = 0;
        fetcher.full = false;
        // librdkafka 2.0.2 may go on at an older position than the one that was asked for.
        const bool rewinds = world_.random.chance(2);
        fetcher.next =
            rewinds ? std::max(world_.log(partition).low(), offset - world_.random.between(1, 20)) : offset;
        fetcher.next = std::min(fetcher.next, offset);
        fetcher.app_position = offset;
        fetcher.told_end = false;
        fetch_after(partition, world_.random.between(1ms, 1s));
    }
}

void Client::appended(std::size_t partition) {
    const auto place = fetchers_.find(partition);
    if (place != fetchers_.end() && place->second.waits_for_more) {
        fetch_after(partition, world_.random.between(200us, 5ms));
    }
}

void Client::fetch_after(std::size_t partition, Nanoseconds delay) {
    Fetcher& fetcher = fetchers_[partition];
    fetcher.waits_for_more = false;
    fetcher.version = ++version_;
    host_.after(delay, [this, partition, version = fetcher.version] {
        const auto found = fetchers_.find(partition);
        if (found != fetchers_.end() && found->second.version == version) {
            fetch(partition);
        }
    });
}

void Client::fetch(std::size_t partition) {
    Fetcher& fetcher = fetchers_[partition];
    if (fetcher.paused || fetcher.dead || fetcher.full) {
        return;
    }
    if (fetcher.queue.size() >= world_.scenario.prefetch_records) {
        fetcher.full = true;
        return;
    }
    if (!host_.reaches_brokers()) {
        fetch_after(partition, world_.random.between(100ms, 500ms));
        return;
    }
    const Scenario& scenario = world_.scenario;
    auto fetched = world_.log(partition).fetch(
        fetcher.next, static_cast<std::size_t>(world_.random.between(1, 500)), scenario.prefetch_bytes);
    if (fetched.out_of_range) {
        fetcher.dead = true;
        world_.note("out of range", host_.number(), {static_cast<std::int64_t>(partition), fetcher.next});
        events_.on_out_of_range(partition, fetcher.epoch);
        return;
    }
    if (fetched.position > fetcher.next) {
        fetcher.told_end = false;
    }
    fetcher.next = fetched.position;
    for (const auto& entry : fetched.entries) {
        fetcher.queue.push_back(
            {.epoch = fetcher.epoch, .offset = entry.offset, .id = entry.id, .bytes = entry.bytes});
        fetcher.queued_bytes += entry.bytes;
    }
    if (fetched.at_end && !fetcher.told_end) {
        fetcher.told_end = true;
        fetcher.queue.push_back({.at_end = true, .epoch = fetcher.epoch, .offset = fetched.position});
    }
    if (!fetcher.queue.empty()) {
        events_.on_records();
    }
    if (fetched.at_end) {
        fetcher.waits_for_more = true;
        return;
    }
    if (fetcher.queue.size() >= scenario.prefetch_records ||
        fetcher.queued_bytes >= scenario.prefetch_bytes) {
        fetcher.full = true;
        return;
    }
    fetch_after(partition, world_.random.between(200us, 3ms));
}

const Client::Item* Client::peek(std::size_t partition) const {
    const auto place = fetchers_.find(partition);
    return place == fetchers_.end() || place->second.queue.empty() ? nullptr : &place->second.queue.front();
}

Client::Item Client::pop(std::size_t partition) {
    Fetcher& fetcher = fetchers_[partition];
    const Item item = fetcher.queue.front();
    fetcher.queue.pop_front();
    fetcher.queued_bytes -= item.bytes;
    if (!item.at_end) {
        fetcher.app_position = item.offset + 1;
    }
    if (fetcher.full && fetcher.queue.size() < world_.scenario.prefetch_records &&
        fetcher.queued_bytes < world_.scenario.prefetch_bytes) {
        fetcher.full = false;
        // A full queue is refilled after up to a second.
        fetch_after(partition, world_.random.between(1ms, world_.random.chance(50) ? 20ms : 1s));
    }
    return item;
}

std::vector<std::size_t> Client::with_records() const {
    std::vector<std::size_t> partitions;
    for (const auto& [partition, fetcher] : fetchers_) {
        if (!fetcher.queue.empty()) {
            partitions.push_back(partition);
        }
    }
    return partitions;
}

std::string Client::state(std::size_t partition) const {
    const auto place = fetchers_.find(partition);
    if (place == fetchers_.end()) {
        return "does not read";
    }
    const Fetcher& fetcher = place->second;
    return "next " + std::to_string(fetcher.next) + (fetcher.paused ? " paused" : "") +
           (fetcher.dead ? " dead" : "") + (fetcher.full ? " full" : "") +
           (fetcher.waits_for_more ? " at the end" : "") + ", queued " + std::to_string(fetcher.queue.size());
}

// --- commits ------------------------------------------------------------------------------------------------------

// What the coordinator does with a commit request, whoever waits for its answer.
std::vector<CommitAnswer> Client::apply(World& world, const CommitRequest& request) {
    std::vector<CommitAnswer> answers;
    for (const Commit& each : request.entries) {
        const auto error = world.group.commit(request.member, request.generation, each.partition,
                                              each.entry.offset, each.entry.note);
        CommitAnswer given{.slot = each.entry.slot, .epoch = each.entry.epoch, .offset = each.entry.offset};
        if (error == model::CommitError::none) {
            const model::Log& log = world.log(each.partition);
            world.truth.committed(each.partition, each.entry.offset, log.low(), log.high(),
                                  world.scenario.options.start == core::StartPolicy::latest,
                                  each.may_go_back);
        } else {
            const bool again = error == model::CommitError::rebalance_in_progress;
            given.result = again ? CommitAnswer::Result::failed : CommitAnswer::Result::not_member;
        }
        answers.push_back(given);
    }
    return answers;
}

void Client::commit(std::uint64_t id, std::vector<Commit> entries) {
    CommitRequest request{
        .id = id, .entries = std::move(entries), .member = member_, .generation = generation_};
    send([this, &world = world_, &host = host_, life = host_.life(), request = std::move(request)] {
        if (life == host.life()) {
            arrive(request);
        } else if (world.random.chance(50) && world.brokers_up && world.coordinator_up) {
            // It was on its way when the process died; what it asked for happens all the same.
            apply(world, request);
        }
    });
}

void Client::arrive(const CommitRequest& request) {
    std::vector<CommitAnswer> failed;
    for (const Commit& each : request.entries) {
        failed.push_back({.slot = each.entry.slot,
                          .epoch = each.entry.epoch,
                          .offset = each.entry.offset,
                          .result = CommitAnswer::Result::failed});
    }
    if (!coordinator_answers()) {
        answer(request.id, std::move(failed),
               world_.random.chance(30) ? world_.random.between(5s, 20s) : world_.random.between(10ms, 3s));
        return;
    }
    const auto chance = [this](double percent) {
        return !world_.faults_over && world_.random.chance(percent);
    };
    if (!chance(world_.scenario.commit_fault_percent)) {
        const bool late = chance(world_.scenario.commit_fault_percent / 4);
        answer(request.id, apply(world_, request), late ? world_.random.between(100ms, 15s) : world_.hop());
        return;
    }
    switch (world_.random.below(3)) {
        case 0:  // refused
            answer(request.id, std::move(failed), world_.hop());
            return;
        case 1:  // taken, and the answer lost
            apply(world_, request);
            answer(request.id, std::move(failed), world_.random.between(1s, 15s));
            return;
        default:  // lost
            answer(request.id, std::move(failed), world_.random.between(1s, 15s));
            return;
    }
}

void Client::answer(std::uint64_t id, std::vector<CommitAnswer> answers, Nanoseconds delay) {
    host_.after(delay, [this, id, answers = std::move(answers)]() mutable {
        events_.on_committed(id, std::move(answers));
    });
}

// --- positions ----------------------------------------------------------------------------------------------------

void Client::look_up(std::vector<Question> questions) {
    const bool faulty = !world_.faults_over && world_.random.chance(world_.scenario.look_up_fault_percent);
    if (faulty && world_.random.chance(10)) {
        world_.sightings.saw(Sighting::never_answered);
        return;
    }
    const bool unknown = faulty || !coordinator_answers();
    const Nanoseconds delay =
        faulty && world_.random.chance(30) ? world_.random.between(1s, 15s) : world_.hop();
    host_.after(delay, [this, unknown, questions = std::move(questions)] {
        if (unknown || !coordinator_answers()) {
            std::vector<core::Position> found;
            for (const Question& question : questions) {
                found.push_back({.slot = question.slot, .epoch = question.epoch});
            }
            events_.on_positions(std::move(found));
            return;
        }
        answer_look_up(questions);
    });
}

void Client::answer_look_up(const std::vector<Question>& questions) {
    std::map<core::Role, std::int32_t> before;
    for (const auto& [partition, committed] : world_.group.all_committed()) {
        if (const auto note = core::decode_commit_note(committed.metadata)) {
            std::int32_t& most = before[world_.role(partition)];
            most = std::max(most, note->partitions);
        }
    }
    std::vector<core::Position> found;
    for (const Question& question : questions) {
        core::Position position{.slot = question.slot, .epoch = question.epoch, .known = true};
        if (const auto committed = world_.group.committed(question.partition)) {
            position.committed = committed->offset;
            if (auto note = core::decode_commit_note(committed->metadata)) {
                position.done = std::move(note->done);
            }
        }
        const core::Role role = world_.role(question.partition);
        position.partitions = static_cast<std::int32_t>(world_.topic(role).partitions());
        position.partitions_before = before[role];
        found.push_back(position);
    }
    // The ends of the logs are asked after the offsets.
    host_.after(world_.hop(), [this, found = std::move(found), questions]() mutable {
        for (std::size_t i = 0; i < found.size(); ++i) {
            found[i].low = world_.log(questions[i].partition).low();
            found[i].high = world_.log(questions[i].partition).high();
        }
        events_.on_positions(std::move(found));
    });
}

}  // namespace laterd::simulation
