#include "core/sequencer.h"

#include <utility>

namespace laterd::core {

void Sequencer::admit(RecordPtr record) {
    ++size_;
    record->turn = ++releases_;
    if (record->sequence != 0) {
        const auto [followers, is_free] = followers_.try_emplace(record->sequence);
        if (!is_free) {
            followers->second.push_back(std::move(record));
            return;
        }
    }
    add_ready(std::move(record));
}

void Sequencer::add_ready(RecordPtr record) {
    const std::uint64_t turn = record->turn;
    ready_.emplace(turn, std::move(record));
}

RecordPtr Sequencer::take() {
    if (ready_.empty()) {
        return nullptr;
    }
    --size_;
    RecordPtr record = std::move(ready_.begin()->second);
    ready_.erase(ready_.begin());
    return record;
}

void Sequencer::put_back(RecordPtr record) {
    ++size_;
    add_ready(std::move(record));
}

void Sequencer::park(RecordPtr record, SteadyTime until) {
    ++size_;
    parked_.emplace(until, std::move(record));
}

std::optional<SteadyTime> Sequencer::unpark(SteadyTime now) {
    while (!parked_.empty() && parked_.begin()->first <= now) {
        add_ready(std::move(parked_.begin()->second));
        parked_.erase(parked_.begin());
    }
    return parked_.empty() ? std::nullopt : std::optional(parked_.begin()->first);
}

void Sequencer::leave(std::uint64_t sequence) {
    const auto followers = followers_.find(sequence);
    if (sequence == 0 || followers == followers_.end()) {
        return;
    }
    if (followers->second.empty()) {
        followers_.erase(followers);
        return;
    }
    add_ready(std::move(followers->second.front()));
    followers->second.pop_front();
}

std::vector<RecordPtr> Sequencer::recall(const std::function<bool(const Record&)>& which) {
    std::vector<RecordPtr> recalled;
    for (auto& [sequence, followers] : followers_) {
        std::deque<RecordPtr> stay;
        for (RecordPtr& record : followers) {
            if (which(*record)) {
                recalled.push_back(std::move(record));
            } else {
                stay.push_back(std::move(record));
            }
        }
        followers.swap(stay);
    }
    std::vector<std::uint64_t> left;
    for (auto place = ready_.begin(); place != ready_.end();) {
        if (!which(*place->second)) {
            ++place;
            continue;
        }
        left.push_back(place->second->sequence);
        recalled.push_back(std::move(place->second));
        place = ready_.erase(place);
    }
    size_ -= recalled.size();
    for (const std::uint64_t sequence : left) {
        leave(sequence);
    }
    return recalled;
}

void Sequencer::clear() {
    ready_.clear();
    parked_.clear();
    followers_.clear();
    size_ = 0;
}

}  // namespace laterd::core
