#include "sink/sinks.h"

#include <utility>

namespace laterd::sink {

Sinks::Sinks(const SinkSetup& setup) : copies_(setup) {
    const config::Route& route = setup.route;
    if (route.handler) {
        const core::RetryPolicy& policy = route.retry.policy;
        handler_.emplace(HandlerSink::Setup{.handler = *route.handler,
                                            .route = route.name,
                                            .max_attempts = policy.has_topic ? policy.attempts : 0,
                                            .poller = setup.poller,
                                            .times = setup.handler_times});
    } else {
        target_.emplace(setup);
    }
}

void Sinks::deliver(core::RecordPtr record, const core::Now& now) {
    if (record->purpose != core::Purpose::deliver) {
        copies_.deliver(std::move(record));
    } else if (handler_) {
        handler_->deliver(std::move(record), now);
    } else {
        target_->deliver(std::move(record));
    }
}

void Sinks::serve(const core::Now& now, std::vector<core::Outcome>& outcomes) {
    if (handler_) {
        handler_->serve(now, outcomes);
    } else {
        target_->serve(outcomes);
    }
    copies_.serve(outcomes);
}

std::optional<core::SteadyTime> Sinks::wake_at() const noexcept {
    return handler_ ? handler_->wake_at() : std::nullopt;
}

bool Sinks::is_oversize(const StoredRecord& record) const noexcept {
    return target_ && target_->is_oversize(record);
}

void Sinks::limit_batches(std::int64_t max_message_bytes) {
    if (target_) {
        target_->limit_batches(max_message_bytes);
    }
}

bool Sinks::take_limit_doubt() noexcept {
    return target_ && target_->take_limit_doubt();
}

std::function<void()> Sinks::take_refresh() {
    std::function<void()> of_target = target_ ? target_->take_refresh() : nullptr;
    std::function<void()> of_copies = copies_.take_refresh();
    if (!of_target || !of_copies) {
        return of_target ? of_target : of_copies;
    }
    return [of_target = std::move(of_target), of_copies = std::move(of_copies)] {
        of_target();
        of_copies();
    };
}

}  // namespace laterd::sink
