#include "runtime/fetch_watch.h"

#include <algorithm>

namespace laterd::runtime {

void FetchWatch::expect(core::Slot slot, core::SteadyTime now) {
    if (slot >= is_expected_.size()) {
        is_expected_.resize(slot + 1);
    }
    if (!is_expected_[slot]) {
        is_expected_[slot] = true;
        expected_.push_back({.slot = slot, .kick_at = now + k_patience});
    }
}

void FetchWatch::heard(core::Slot slot) noexcept {
    if (slot >= is_expected_.size() || !is_expected_[slot]) {
        return;
    }
    is_expected_[slot] = false;
    std::erase_if(expected_, [slot](const Expected& expected) { return expected.slot == slot; });
}

void FetchWatch::clear() noexcept {
    expected_.clear();
    is_expected_.assign(is_expected_.size(), false);
}

std::optional<core::Slot> FetchWatch::next_kick(core::SteadyTime now) noexcept {
    if (under_way_) {
        return std::nullopt;
    }
    for (const Expected& expected : expected_) {
        if (expected.kick_at <= now) {
            under_way_ = true;
            return expected.slot;
        }
    }
    return std::nullopt;
}

void FetchWatch::kicked(core::Slot slot, core::SteadyTime now) noexcept {
    under_way_ = false;
    for (Expected& expected : expected_) {
        if (expected.slot == slot) {
            expected.kick_at = now + k_again;
        }
    }
}

std::optional<core::SteadyTime> FetchWatch::wake_at() const noexcept {
    if (under_way_ || expected_.empty()) {
        return std::nullopt;
    }
    return std::min_element(expected_.begin(), expected_.end(),
                            [](const Expected& a, const Expected& b) { return a.kick_at < b.kick_at; })
        ->kick_at;
}

}  // namespace laterd::runtime
