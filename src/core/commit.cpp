// Which offsets are committed and when: every commit_interval what has settled, never back, never for partitions
// that are not owned; and what an answer means.
#include <algorithm>

#include "core/pipeline.h"

namespace laterd::core {

namespace {

// A failed commit is sent again after this.
constexpr Milliseconds k_commit_retry{200};

bool wants_commit(const Partition& partition) noexcept {
    if (partition.phase == Partition::Phase::asking) {
        return false;
    }
    return partition.may_commit_back || partition.ledger.committable() > partition.commit_sent;
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
            partition->may_commit_back =
                partition->may_commit_back || partition->phase == Partition::Phase::committing;
            partition->commit_sent = partition->committed;
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
        request.entries.push_back({.slot = partition->slot,
                                   .epoch = partition->epoch,
                                   .offset = offset,
                                   .partitions = partition->topic_partitions});
    }
    uncommitted_ = false;
    if (request.entries.empty()) {
        return;
    }
    request.id = ++commit_id_;
    commit_outstanding_ = true;
    commit_everything_ = everything;
    commit_sent_at_ = now.steady;
    counters_.commits.add();
    commands_.commit = std::move(request);
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
        partition->may_commit_back = partition->phase == Partition::Phase::committing;
        partition->commit_sent = partition->committed;
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
