// A consumer group as its coordinator keeps it (classic protocol, eager): members, generations, committed offsets.
//
//   state      | join             | leave, expire      | complete   | sync   | commit of a member in its generation
//   -----------+------------------+--------------------+------------+--------+-------------------------------------
//   empty      | preparing        | -                  | -          | -      | -
//   preparing  | preparing        | preparing or empty | completing | -      | taken
//   completing | preparing        | preparing or empty | -          | stable | REBALANCE_IN_PROGRESS
//   stable     | preparing (1)    | preparing or empty | -          | -      | taken
//
// (1) A static member that comes back while the group is stable gets its assignment again without a rebalance; the
// member that had its name is fenced.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/record.h"

namespace laterd::model {

using core::Offset;
using MemberId = std::uint64_t;
using Generation = std::int32_t;

enum class CommitError : std::uint8_t { none, unknown_member, illegal_generation, rebalance_in_progress };

struct Committed {
    Offset offset = 0;
    std::string metadata;
};

class Group {
  public:
    enum class State : std::uint8_t { empty, preparing, completing, stable };

    struct Joined {
        MemberId member = 0;
        bool at_once = false;              // no rebalance: the assignment is the old one
        std::optional<MemberId> fenced{};  // the member that is no more
    };

    // `member`: 0, or the id that the group gave before. `instance`: empty for a dynamic member.
    Joined join(MemberId member, const std::string& instance);

    // False when it was no member.
    bool remove(MemberId member);

    // Somebody's subscription or the topic's partition count changed.
    void rebalance();

    bool all_joined() const noexcept;

    // Ends `preparing`: who has not joined is no member any more. Deals `partitions` out, beginning with the member
    // at `first` (any number), so that assignments move about.
    void complete(std::size_t partitions, std::size_t first);
    void sync();

    CommitError commit(MemberId member, Generation generation, std::size_t partition, Offset offset,
                       std::string metadata);
    std::optional<Committed> committed(std::size_t partition) const;

    // The topic was deleted whose partitions are these and all after.
    void forget_offsets(std::size_t from = 0) {
        committed_.erase(committed_.lower_bound(from), committed_.end());
    }

    State state() const noexcept { return state_; }
    Generation generation() const noexcept { return generation_; }
    bool has(MemberId member) const noexcept { return members_.contains(member); }
    bool waits_for(MemberId member) const noexcept;
    std::vector<MemberId> members() const;
    const std::vector<std::size_t>& assignment(MemberId member) const { return members_.at(member).assigned; }
    bool owns(MemberId member, Generation generation, std::size_t partition) const;
    const std::map<std::size_t, Committed>& all_committed() const noexcept { return committed_; }

  private:
    struct Member {
        std::string instance;
        bool joined = false;
        std::vector<std::size_t> assigned;
    };

    State state_ = State::empty;
    Generation generation_ = 0;
    MemberId last_id_ = 0;
    std::map<MemberId, Member> members_;
    std::map<std::size_t, Committed> committed_;
};

}  // namespace laterd::model
