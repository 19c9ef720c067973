#include "simulation/model/group.h"

#include <algorithm>

namespace laterd::model {

Group::Joined Group::join(MemberId member, const std::string& instance) {
    Joined joined{.member = member};
    auto place = members_.find(member);
    if (place == members_.end()) {
        joined.member = ++last_id_;
        Member fresh{.instance = instance};
        const auto old = instance.empty()
                             ? members_.end()
                             : std::find_if(members_.begin(), members_.end(), [&](const auto& each) {
                                   return each.second.instance == instance;
                               });
        if (old != members_.end()) {
            joined.fenced = old->first;
            fresh.assigned = std::move(old->second.assigned);
            members_.erase(old);
            joined.at_once = state_ == State::stable;
        }
        place = members_.emplace(joined.member, std::move(fresh)).first;
    }
    if (!joined.at_once) {
        rebalance();
        place->second.joined = true;
    }
    return joined;
}

bool Group::remove(MemberId member) {
    if (members_.erase(member) == 0) {
        return false;
    }
    if (members_.empty()) {
        state_ = State::empty;
        ++generation_;
    } else {
        rebalance();
    }
    return true;
}

void Group::rebalance() {
    if (state_ == State::preparing || members_.empty()) {
        return;
    }
    state_ = State::preparing;
    for (auto& [id, member] : members_) {
        member.joined = false;
    }
}

bool Group::all_joined() const noexcept {
    return state_ == State::preparing &&
           std::all_of(members_.begin(), members_.end(), [](const auto& each) { return each.second.joined; });
}

void Group::complete(std::size_t partitions, std::size_t first) {
    std::erase_if(members_, [](const auto& each) { return !each.second.joined; });
    ++generation_;
    if (members_.empty()) {
        state_ = State::empty;
        return;
    }
    state_ = State::completing;
    std::vector<Member*> order;
    for (auto& [id, member] : members_) {
        member.assigned.clear();
        order.push_back(&member);
    }
    for (std::size_t i = 0; i < partitions; ++i) {
        order[(i + first) % order.size()]->assigned.push_back(i);
    }
}

void Group::sync() {
    if (state_ == State::completing) {
        state_ = State::stable;
    }
}

CommitError Group::commit(MemberId member, Generation generation, std::size_t partition, Offset offset,
                          std::string metadata) {
    if (!has(member)) {
        return CommitError::unknown_member;
    }
    if (generation != generation_) {
        return CommitError::illegal_generation;
    }
    if (state_ == State::completing) {
        return CommitError::rebalance_in_progress;
    }
    // Neither the partition's owner nor the direction is checked (measured): whoever is a member may commit anything.
    committed_[partition] = {.offset = offset, .metadata = std::move(metadata)};
    return CommitError::none;
}

std::optional<Committed> Group::committed(std::size_t partition) const {
    const auto place = committed_.find(partition);
    return place == committed_.end() ? std::nullopt : std::optional(place->second);
}

bool Group::waits_for(MemberId member) const noexcept {
    const auto place = members_.find(member);
    return state_ == State::preparing && place != members_.end() && !place->second.joined;
}

std::vector<MemberId> Group::members() const {
    std::vector<MemberId> ids;
    for (const auto& [id, member] : members_) {
        ids.push_back(id);
    }
    return ids;
}

bool Group::owns(MemberId member, Generation generation, std::size_t partition) const {
    const auto place = members_.find(member);
    return place != members_.end() && generation == generation_ &&
           std::find(place->second.assigned.begin(), place->second.assigned.end(), partition) !=
               place->second.assigned.end();
}

}  // namespace laterd::model
