#include "sink/handler_sink.h"

#include <new>
#include <utility>

#include "sink/stored_record.h"

namespace laterd::sink {

HandlerSink::HandlerSink(Setup setup)
    : setup_(std::move(setup)), client_(setup_.poller, setup_.handler.concurrency) {}

HandlerSink::~HandlerSink() {
    for (const auto& delivery : deliveries_) {
        if (delivery->record) {
            client_.abort(delivery->call);
        }
    }
}

void HandlerSink::deliver(core::RecordPtr record, const core::Now& now) {
    const auto& stored = static_cast<const StoredRecord&>(*record);
    Delivery& delivery = take_idle();
    delivery.call.head().clear();
    write_headers({.handler = setup_.handler, .route = setup_.route, .max_attempts = setup_.max_attempts},
                  stored, delivery.call.head());
    delivery.call.prepare(stored.value().value_or(std::string_view()));
    if (client_.start(delivery.call, now)) {
        delivery.record = std::move(record);
    } else {
        refused_.push_back(std::move(record));
        idle_.push_back(&delivery);
    }
}

HandlerSink::Delivery& HandlerSink::take_idle() {
    if (idle_.empty()) {
        deliveries_.push_back(std::unique_ptr<Delivery>(
            new Delivery{.call = HttpCall(setup_.handler, deliveries_.size()), .record = nullptr}));
        return *deliveries_.back();
    }
    Delivery& delivery = *idle_.back();
    idle_.pop_back();
    return delivery;
}

void HandlerSink::serve(const core::Now& now, std::vector<core::Outcome>& outcomes) {
    client_.serve(now, finished_);
    for (const auto& [call, curl_code] : finished_) {
        outcomes.push_back(settle(*deliveries_[call->number()], curl_code, now));
    }
    finished_.clear();
    for (core::RecordPtr& record : refused_) {
        outcomes.push_back({.record = std::move(record),
                            .result = core::Outcome::Result::not_attempted,
                            .reason = core::Reason::handler_busy});
    }
    refused_.clear();
}

core::Outcome HandlerSink::settle(Delivery& delivery, int curl_code, const core::Now& now) {
    const Answer answer = delivery.call.finish(curl_code);
    const Verdict verdict = judge(answer, setup_.handler.not_found, now.wall);
    core::RecordPtr record = std::move(delivery.record);
    auto& stored = static_cast<StoredRecord&>(*record);
    const bool delivered = verdict.result == core::Outcome::Result::delivered;
    stored.error = delivered ? nullptr : std::make_unique<std::string>(error_text(answer));
    idle_.push_back(&delivery);
    return {.record = std::move(record),
            .result = verdict.result,
            .reason = verdict.reason,
            .code = verdict.code,
            .retry_after = verdict.retry_after};
}

std::optional<core::SteadyTime> HandlerSink::wake_at() const noexcept {
    return refused_.empty() ? client_.wake_at() : core::SteadyTime{};
}

}  // namespace laterd::sink
