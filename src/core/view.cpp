// Looking at the pipeline from outside; nothing here changes it.
#include "core/view.h"

#include <algorithm>

#include "core/pipeline.h"

namespace laterd::core {

namespace {

// More records than this are judged by a sample.
constexpr std::size_t k_sampled = 8'192;

PartitionView view_of(const Now& now, const Partition& partition) {
    PartitionView view{.slot = partition.slot,
                       .state = partition.state(),
                       .has_begun = partition.phase == Partition::Phase::running ||
                                    partition.phase == Partition::Phase::stopped,
                       .held = partition.hold.size() + partition.staged,
                       .held_bytes = partition.hold.bytes() + partition.staged_bytes,
                       .in_flight = partition.in_flight,
                       .next_due = partition.head_due(),
                       .stop_reason = partition.stop_reason};
    if (view.has_begun) {
        view.committable = partition.ledger.committable();
    }
    if (partition.backoff_until) {
        view.retry_in = std::max(
            Milliseconds{0}, std::chrono::duration_cast<Milliseconds>(*partition.backoff_until - now.steady));
    }
    return view;
}

}  // namespace

std::string_view to_string(PartitionState state) noexcept {
    switch (state) {
        case PartitionState::hot:
            return "hot";
        case PartitionState::warm:
            return "warm";
        case PartitionState::cold:
            return "cold";
        case PartitionState::stopped:
            break;
    }
    return "stopped";
}

View Pipeline::view(const Now& now) const {
    View view{.is_holding = unfit_ != Reason::none || !gate_.is_open(),
              .holding_for = unfit_ != Reason::none ? unfit_ : gate_.reason()};
    std::size_t held = 0;
    for (const auto& partition : partitions_) {
        if (partition) {
            view.partitions.push_back(view_of(now, *partition));
            held += partition->hold.size();
        }
    }
    const std::size_t step = held / k_sampled + 1;
    for (const auto& partition : partitions_) {
        if (partition) {
            partition->hold.for_some(step, [&](const Record& record, std::size_t stands_for) {
                view.due.add(record.due - now.wall, stands_for);
            });
        }
    }
    return view;
}

}  // namespace laterd::core
