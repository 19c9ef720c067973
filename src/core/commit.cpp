// Which offsets are committed and when: every commit_interval what has settled, never back, never for partitions
// that are not owned; and what an answer means.
#include <algorithm>

#include "core/pipeline.h"

namespace laterd::core {

namespace {

// A failed commit is sent again after this.
constexpr Milliseconds k_commit_retry{200};

// A request with more metadata than 256 KiB commits nothing (measured).
constexpr std::size_t k_notes_chars_most = 200 << 10;

bool wants_commit(const Partition& partition) noexcept {
    if (partition.phase == Partition::Phase::asking) {
        return false;
    }
    return partition.may_commit_back || partition.ledger.committable() > partition.commit_sent ||
           (partition.note_is_stale && !partition.is_strict && !partition.ledger.is_settled_in_order());
}

// What was sent has to be committed again.
void unsend(Partition& partition) noexcept {
    partition.may_commit_back = partition.may_commit_back || partition.phase == Partition::Phase::committing;
    partition.commit_sent = partition.committed;
    partition.note_is_stale = true;
}

// What went to the waiting topic below the earlier map's end did so by the earlier owner's thresholds, which were lower.
std::vector<DoneMap::Far> joined(const DoneMap& earlier, const std::vector<DoneMap::Far>& own) {
    std::vector<DoneMap::Far> all = earlier.far;
    for (const DoneMap::Far& each : own) {
        const DoneMap::Far one{.from = std::max(each.from, earlier.end), .at_least = each.at_least};
        if (!all.empty() && all.back().from == one.from) {
            all.back() = one;
        } else {
            all.push_back(one);
        }
    }
    return all;
}

}  // namespace

bool Pipeline::has_uncommitted() const noexcept {
    return std::any_of(partitions_.begin(), partitions_.end(), [](const auto& partition) {
        return partition && (wants_commit(*partition) || partition->commit_sent != partition->committed);
    });
}

void Pipeline::commit_when_due(const Now& now) {
    if (commit_outstanding_) {
        const SteadyTime patience = commit_sent_at_ + options_.commit_timeout;
        if (now.steady < patience) {
            wake(patience);
            return;
        }
        forget_outstanding_commit();
    }
    if (suspended_) {
        // Asked until the group answers: only it knows whether the partitions are still ours.
        const SteadyTime next = commit_sent_at_ + options_.commit_interval;
        if (now.steady >= next) {
            commit_now(now, true);
        } else {
            wake(next);
        }
        return;
    }
    if (!uncommitted_ || ending_ != Ending::none) {
        return;
    }
    if (now.steady < commit_retry_at_) {
        wake(commit_retry_at_);
        return;
    }
    const bool start_waits = std::any_of(partitions_.begin(), partitions_.end(), [](const auto& partition) {
        return partition && partition->phase == Partition::Phase::committing &&
               partition->commit_sent != partition->ledger.committable();
    });
    const SteadyTime next = commit_sent_at_ + options_.commit_interval;
    if (commit_sent_at_ != SteadyTime{} && now.steady < next && !start_waits) {
        wake(next);
        return;
    }
    commit_now(now, false);
}

// Its answer means nothing any more; what it carried has to be committed again.
void Pipeline::forget_outstanding_commit() {
    commit_outstanding_ = false;
    uncommitted_ = true;
    for (const auto& partition : partitions_) {
        if (partition) {
            unsend(*partition);
        }
    }
}

void Pipeline::commit_now(const Now& now, bool everything) {
    CommitRequest request;
    for (const auto& partition : partitions_) {
        if (!partition || partition->phase == Partition::Phase::asking) {
            continue;
        }
        const bool present = everything && partition->phase == Partition::Phase::running;
        if (!present && !wants_commit(*partition)) {
            continue;
        }
        const Offset offset = partition->ledger.committable();
        partition->commit_sent = offset;
        partition->may_commit_back = false;
        partition->note_is_stale = false;
        request.entries.push_back(
            {.slot = partition->slot, .epoch = partition->epoch, .offset = offset, .note = {}});
    }
    uncommitted_ = false;
    if (request.entries.empty()) {
        return;
    }
    const std::size_t room = std::min(options_.note_chars, k_notes_chars_most / request.entries.size());
    for (CommitEntry& entry : request.entries) {
        Partition& partition = *partitions_[entry.slot];
        if (partition.topic_partitions > 0) {
            const CommitNote note{.partitions = partition.topic_partitions,
                                  .done = done_map(partition, room)};
            entry.note = encode(note, room);
        }
    }
    request.id = ++commit_id_;
    commit_outstanding_ = true;
    commit_everything_ = everything;
    commit_sent_at_ = now.steady;
    counters_.commits.add();
    commands_.commit = std::move(request);
}

std::uint64_t Pipeline::rule_of(const Partition& partition) const noexcept {
    return partition.role == Role::source ? options_.rule : static_cast<std::uint64_t>(partition.role);
}

// What a later owner need not deliver again. Where nothing may overtake anything there is none: what is delivered behind a
// record that comes again comes again, too, in its order.
std::optional<DoneMap> Pipeline::done_map(Partition& partition, std::size_t room) const {
    if (partition.is_strict) {
        return std::nullopt;
    }
    if (partition.earlier) {
        if (partition.ledger.position() < partition.earlier->end) {
            return what_remains(*partition.earlier, partition.ledger);
        }
        partition.far = joined(*partition.earlier, partition.far);
        partition.earlier.reset();
    }
    const auto is_past = [&](const DoneMap::Far& next) {
        return next.from <= partition.ledger.committable();
    };
    while (partition.far.size() > 1 && is_past(partition.far[1])) {
        partition.far.erase(partition.far.begin());
    }
    const bool by_position = partition.role == Role::source && partition.order == Order::partition;
    return make_done_map(partition.ledger, rule_of(partition), by_position, partition.far, room);
}

void Pipeline::committed(const Now& now, std::uint64_t id, std::span<const CommitAnswer> answers) {
    if (id != commit_id_ || !commit_outstanding_) {
        return;
    }
    commit_outstanding_ = false;
    std::uint64_t failed = 0;
    bool not_member = false;
    bool any_ok = false;
    for (const CommitAnswer& answer : answers) {
        commit_answered(now, answer);
        any_ok = any_ok || answer.result == CommitAnswer::Result::ok;
        not_member = not_member || answer.result == CommitAnswer::Result::not_member;
        failed += answer.result != CommitAnswer::Result::ok;
    }
    if (failed > 0) {
        counters_.commit_errors.add(failed);
        commit_retry_at_ = now.steady + k_commit_retry;
        commands_.notices.push_back({.kind = Notice::Kind::commit_failed, .count = failed});
    }
    if (any_ok) {
        committed_at_ = now.steady;
    }
    if (suspended_ && commit_everything_ && any_ok && !not_member) {
        suspended_ = false;
        commands_.notices.push_back({.kind = Notice::Kind::unsuspended});
        sweep_soon(now);
    }
}

void Pipeline::commit_answered(const Now& now, const CommitAnswer& answer) {
    Partition* partition = current(answer.slot, answer.epoch);
    if (partition == nullptr) {
        return;
    }
    if (answer.result != CommitAnswer::Result::ok) {
        unsend(*partition);
        uncommitted_ = true;
        return;
    }
    partition->committed = answer.offset;
    if (partition->phase == Partition::Phase::committing &&
        partition->ledger.committable() == answer.offset) {
        partition->phase = Partition::Phase::running;
        want_assign(now.steady);
    }
    uncommitted_ = uncommitted_ || wants_commit(*partition);
}

}  // namespace laterd::core
