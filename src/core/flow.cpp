// Flow control: how far ahead each partition is read, when it goes cold, and which ones are open at a time. The rule
// for one partition is tier.h; here it is applied to all of them within the budget.
#include <algorithm>
#include <cassert>

#include "core/pipeline.h"

namespace laterd::core {

namespace {

// How much a cold partition may keep of what it has read, as long as all of them stay below half of the hold; more is
// dropped and read again.
constexpr std::uint64_t k_cold_keeps_bytes = 16 << 10;

// Decisions are taken at most this often, so that pauses and resumes go out in bulk.
constexpr Milliseconds k_sweep_interval{100};

// An idle partition keeps its place at least this long before another one gets it.
constexpr Milliseconds k_open_least{200};

// A partition with an endless stream of due records keeps its place this long when others wait for one.
constexpr Milliseconds k_open_most{2'000};

// A partition's part of the hold never gets smaller than this, so that it can always read something.
constexpr std::uint64_t k_window_least = 16 << 10;

// Records of one partition that are due and held.
constexpr std::size_t k_due_most = 2'048;

// Records per call; the shell asks again.
constexpr std::size_t k_read_records = 512;

}  // namespace

std::uint64_t Pipeline::window() const noexcept {
    return std::max(k_window_least, options_.hold_bytes / std::max<std::uint32_t>(open_, 1));
}

// How many bytes a partition with `used` may still read. In partition order it reads no further than it has to. What is held
// until it is due whatever its position is another matter: most such partitions need little, some much. They take what
// they like as long as an eighth of the hold is free; that is divided, so that none of them starves.
std::uint64_t Pipeline::room(const Partition& partition, std::uint64_t used) const noexcept {
    const auto up_to = [](std::uint64_t limit, std::uint64_t taken) {
        return limit > taken ? limit - taken : 0;
    };
    const std::uint64_t left = up_to(options_.hold_bytes, bytes());
    if (partition.order == Order::partition && partition.role != Role::waiting) {
        return std::min(left, up_to(window(), used));
    }
    const std::uint64_t divided = options_.hold_bytes / 8;
    return std::min(left, std::max(up_to(window() / 8, used), up_to(options_.hold_bytes - divided, bytes())));
}

bool Pipeline::has_read_ahead(const Now& now, Partition& partition) noexcept {
    if (partition.order == Order::due) {
        return false;  // behind a record that is due in an hour may lie one that is due in a second
    }
    const Milliseconds ahead = partition.read_until - now.wall;
    if (partition.hold.size() == 0 || ahead <= options_.tier.refill) {
        partition.reading = true;
    } else if (ahead >= options_.tier.read_ahead) {
        partition.reading = false;
    }
    return !partition.reading;
}

std::size_t Pipeline::allowance(const Now& now, Slot slot) {
    Partition* partition = at(slot);
    if (partition == nullptr || partition->phase != Partition::Phase::running || !partition->open ||
        ending_ != Ending::none || suspended_) {
        return 0;
    }
    if (has_read_ahead(now, *partition)) {
        return 0;
    }
    // What is due already does not have to be held to be on time: no more of it than a release or two take, so that it is
    // still in the processor's cache when it goes.
    if (partition->read_until <= now.wall && partition->hold.size() >= k_due_most &&
        partition->role != Role::waiting) {
        return 0;
    }
    // A partition without anything may always read, or a record larger than the budget would never pass.
    const std::uint64_t used = partition->hold.bytes() + partition->in_flight_bytes + partition->staged_bytes;
    const std::uint64_t more = room(*partition, used);
    if (used > 0 && more == 0) {
        denied_ = true;
        if (partition->order == Order::due && partition->is_quiet() && *partition->head_due() > now.wall) {
            full_ = slot;
        }
        return 0;
    }
    // Not more than fit, judged by the last one's size: a batch of large records must not overrun the window.
    return std::min<std::size_t>(k_read_records, 1 + more / partition->record_bytes);
}

void Pipeline::sweep_soon(const Now& now) {
    const SteadyTime soon = now.steady + k_sweep_interval;
    if (!sweep_at_ || soon < *sweep_at_) {
        sweep_at_ = soon;
    }
}

void Pipeline::sweep(const Now& now) {
    const bool by_steady = sweep_at_ && *sweep_at_ <= now.steady;
    const bool by_wall = sweep_at_wall_ && *sweep_at_wall_ <= now.wall;
    if ((by_steady || by_wall) && ending_ == Ending::none && !suspended_) {
        sweep_at_.reset();
        sweep_at_wall_.reset();
        waiting_.clear();
        const auto look_at = [this](WallTime at) {
            if (!sweep_at_wall_ || at < *sweep_at_wall_) {
                sweep_at_wall_ = at;
            }
        };
        const bool tight = bytes() > options_.hold_bytes / 4 * 3;
        for (const auto& place : partitions_) {
            if (!place || place->phase != Partition::Phase::running || !place->in_client) {
                continue;
            }
            Partition& partition = *place;
            const std::optional<WallTime> due = partition.idle_until();
            if (!partition.open) {
                // Since when it waits for a place. Nobody comes first for good: neither partitions whose head is not
                // known, of which there may be more than places, nor those with a head.
                const auto closed_for = std::chrono::floor<Milliseconds>(now.steady - partition.changed_at);
                const WallTime closed_at = now.wall - closed_for;
                const WallTime resume_at =
                    due ? std::max(*due - options_.tier.resume_ahead, closed_at) : closed_at;
                if (resume_at <= now.wall) {
                    waiting_.emplace_back(resume_at, partition.slot);
                } else {
                    look_at(resume_at);
                }
                continue;
            }
            if (due && partition.is_quiet() &&
                tier_for(*due - now.wall, tight, options_.tier) == Tier::cold) {
                go_cold(now, partition);
                look_at(*due - options_.tier.resume_ahead);
            } else if (has_read_ahead(now, partition)) {
                look_at(partition.read_until - options_.tier.refill);
            }
        }
        open_waiting(now);
    }
    if (ending_ != Ending::none || suspended_) {
        return;
    }
    if (sweep_at_) {
        wake(*sweep_at_);
    }
    if (sweep_at_wall_) {
        wake(*sweep_at_wall_);
    }
}

void Pipeline::go_cold(const Now& now, Partition& partition) {
    partition.open = false;
    partition.changed_at = now.steady;
    --open_;
    commands_.pause.push_back(partition.slot);
    // What settled behind the head (it was refused beside its neighbours, then the clock was stepped back) must not be
    // read again.
    const std::uint64_t keeps = std::min(k_cold_keeps_bytes, options_.hold_bytes / 2 / assigned_);
    // What is in flight behind the head neither: it would be released twice.
    if (partition.hold.bytes() <= keeps || !partition.is_quiet() || !partition.hold.has_only_line() ||
        partition.owed > 0 || !partition.ledger.is_settled_in_order()) {
        return;
    }
    const Record* head = partition.hold.next();
    partition.cold_head = Partition::Head{.offset = head->offset, .due = partition.hold.next_at()};
    partition.ledger.rewind_to(head->offset);
    partition.read_until = partition.released_until;
    held_bytes_ -= partition.hold.bytes();
    partition.hold.clear();
    schedule(now, partition);
}

void Pipeline::open(const Now& now, Partition& partition) {
    partition.open = true;
    partition.at_end = false;
    partition.changed_at = now.steady;
    ++open_;
    commands_.resume.push_back({.slot = partition.slot, .offset = partition.ledger.position()});
}

// Partitions fall due together: they are opened in waves, the earliest first, as many as the budget allows.
void Pipeline::open_waiting(const Now& now) {
    if (waiting_.empty() && open_ <= options_.open_max) {
        return;
    }
    std::sort(waiting_.begin(), waiting_.end());
    bool closed = false;
    if (open_ + waiting_.size() > options_.open_max) {
        closed = close_idle(now, open_ + waiting_.size() - options_.open_max);
    }
    std::size_t opened = 0;
    while (opened < waiting_.size() && open_ < options_.open_max) {
        open(now, *partitions_[waiting_[opened].second]);
        ++opened;
    }
    // Those that were closed wait for a place from now on.
    if (opened < waiting_.size() || open_ > options_.open_max || closed) {
        sweep_soon(now);
    }
}

void Pipeline::resize(const Now& now, std::uint64_t hold_bytes, std::uint32_t open_max) {
    options_.hold_bytes = hold_bytes;
    options_.open_max = open_max;
    sweep_soon(now);
}

// Makes room: partitions that have nothing left to read, then those that can wait longest, then those that have had a
// place for long give theirs. True when one did.
bool Pipeline::close_idle(const Now& now, std::size_t wanted) {
    std::vector<std::pair<WallTime, Slot>> idle;
    for (const auto& partition : partitions_) {
        if (!partition || partition->phase != Partition::Phase::running || !partition->open ||
            now.steady - partition->changed_at < k_open_least) {
            continue;
        }
        const std::optional<WallTime> due = partition->idle_until();
        const bool settled = partition->is_quiet();
        if (settled && !due && partition->at_end) {
            idle.emplace_back(WallTime::max(), partition->slot);
        } else if (settled && due && *due - now.wall > options_.tier.read_ahead) {
            idle.emplace_back(*due, partition->slot);
        } else if (now.steady - partition->changed_at >= k_open_most) {
            idle.emplace_back(WallTime::min(), partition->slot);
        }
    }
    std::sort(idle.begin(), idle.end(), [this](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first
                                  : partitions_[a.second]->changed_at < partitions_[b.second]->changed_at;
    });
    for (std::size_t i = 0; i < std::min(wanted, idle.size()); ++i) {
        go_cold(now, *partitions_[idle[i].second]);
    }
    return !idle.empty();
}

}  // namespace laterd::core
