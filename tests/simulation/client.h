// What librdkafka's consumer does for one daemon: membership, fetching into bounded queues, commits, look-ups.
//
//   state    | means                                         | ends with
//   ---------+-----------------------------------------------+------------------------------------
//   away     | not in the group                              | join
//   joining  | waits for the others and for its assignment   | answer_join -> assigned
//   assigned | has partitions                                | a heartbeat's answer -> revoking or lost
//   revoking | the daemon was asked to give them up          | unassign -> joining
//   lost     | the daemon was told that they are gone        | unassign -> joining
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/pipeline.h"
#include "simulation/model/group.h"
#include "simulation/model/log.h"
#include "simulation/random.h"

namespace laterd::simulation {

using core::Epoch;
using core::Offset;
using core::Slot;
using core::SteadyTime;

struct World;
class Host;

// What the client tells its daemon; each makes the daemon's loop turn.
class ClientEvents {
  public:
    virtual ~ClientEvents() = default;
    virtual void on_assigned(std::vector<std::size_t> partitions) = 0;
    virtual void on_revoke() = 0;
    virtual void on_lost() = 0;
    virtual void on_records() = 0;
    virtual void on_out_of_range(std::size_t partition, Epoch epoch) = 0;
    virtual void on_committed(std::uint64_t id, std::vector<core::CommitAnswer> answers) = 0;
    virtual void on_positions(std::vector<core::Position> found) = 0;
};

class Client {
  public:
    Client(World& world, Host& host, ClientEvents& events) : world_(world), host_(host), events_(events) {}

    // --- what the daemon asks for; slots are resolved to partitions by it ---

    struct Start {
        std::size_t partition;
        Epoch epoch;
        Offset offset;
        bool paused;
    };
    void join();
    void leave();
    void unassign(bool rejoin);
    void assign(std::span<const Start> entries);
    void pause(std::size_t partition);
    void resume(std::size_t partition, Offset offset);

    struct Commit {
        std::size_t partition;
        core::CommitEntry entry;
        bool may_go_back;
    };
    void commit(std::uint64_t id, std::vector<Commit> entries);

    struct Question {
        std::size_t partition;
        Slot slot;
        Epoch epoch;
    };
    void look_up(std::vector<Question> questions);

    // --- its queues ---

    struct Item {
        bool at_end = false;
        Epoch epoch = 0;
        Offset offset = 0;  // or the position at the end
        std::uint64_t id = 0;
        std::uint32_t bytes = 0;
    };
    const Item* peek(std::size_t partition) const;
    Item pop(std::size_t partition);
    std::vector<std::size_t> with_records() const;
    std::string state(std::size_t partition) const;

    // --- the brokers ---

    void appended(std::size_t partition);
    void answer_join(model::Generation generation, std::vector<std::size_t> partitions);
    void joined_as(model::MemberId member) noexcept { member_ = member; }
    void expect_heartbeat(Nanoseconds delay);
    void contact_changed();
    void woke(SteadyTime frozen_at);

    model::MemberId member() const noexcept { return member_; }
    model::Generation generation() const noexcept { return generation_; }
    std::string instance() const;
    bool thinks_it_owns(std::size_t partition) const;

  private:
    enum class State : std::uint8_t { away, joining, assigned, revoking, lost };

    struct Fetcher {
        Epoch epoch = 0;
        Offset next = 0;
        Offset app_position = 0;  // behind the last record that was handed out
        bool paused = false;
        bool dead = false;  // out of range: only another assign revives it
        bool waits_for_more = false;
        bool full = false;
        bool told_end = false;
        std::uint64_t version = 0;
        std::deque<Item> queue;
        std::uint64_t queued_bytes = 0;
    };

    struct CommitRequest {
        std::uint64_t id;
        std::vector<Commit> entries;
        model::MemberId member;
        model::Generation generation;
    };

    void send(std::function<void()> request);
    void send_join();
    void heartbeat();
    void lose();
    bool coordinator_answers() const;
    void fetch_after(std::size_t partition, Nanoseconds delay);
    void fetch(std::size_t partition);
    void answer(std::uint64_t id, std::vector<core::CommitAnswer> answers, Nanoseconds delay);
    static std::vector<core::CommitAnswer> apply(World& world, const CommitRequest& request);
    void arrive(const CommitRequest& request);
    void answer_look_up(const std::vector<Question>& questions);

    World& world_;
    Host& host_;
    ClientEvents& events_;
    State state_ = State::away;
    model::MemberId member_ = 0;
    model::Generation generation_ = 0;
    std::vector<std::size_t> owned_;
    SteadyTime last_arrival_{};
    SteadyTime last_contact_{};
    bool had_contact_ = true;
    bool beating_ = false;
    std::uint64_t version_ = 0;
    std::map<std::size_t, Fetcher> fetchers_;
};

}  // namespace laterd::simulation
