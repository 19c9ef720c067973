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

// A call that was never sent took no time of the handler's.
void HandlerSink::count(const Answer& answer) const {
    switch (answer.end) {
        case CallEnd::answered:
            setup_.times.observe(core::Reason::http, static_cast<std::uint16_t>(answer.status), answer.took);
            return;
        case CallEnd::timeout:
            setup_.times.observe(core::Reason::timeout, 0, answer.took);
            return;
        case CallEnd::closed:
            setup_.times.observe(core::Reason::closed, 0, answer.took);
            return;
        case CallEnd::garbage:
            setup_.times.observe(core::Reason::garbage, 0, answer.took);
            return;
        case CallEnd::down:
        case CallEnd::busy:
            return;
    }
}

core::Outcome HandlerSink::settle(Delivery& delivery, int curl_code, const core::Now& now) {
    const Answer answer = delivery.call.finish(curl_code);
    count(answer);
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
