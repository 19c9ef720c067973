#include "core/handler_times.h"

namespace laterd::core {

namespace {

Durations& filled(std::atomic<Durations*>& slot) {
    Durations* durations = slot.load(std::memory_order_relaxed);
    if (durations == nullptr) {
        durations = new Durations;
        slot.store(durations, std::memory_order_release);
    }
    return *durations;
}

}  // namespace

HandlerTimes::~HandlerTimes() {
    for (const Slot& slot : by_status_) {
        delete slot.load();
    }
    for (const Slot& slot : by_reason_) {
        delete slot.load();
    }
}

void HandlerTimes::observe(Reason reason, std::uint16_t status, std::chrono::microseconds took) {
    if (status >= k_statuses) {
        return;
    }
    filled(status > 0 ? by_status_[status] : by_reason_[static_cast<std::size_t>(reason)]).observe(took);
}

std::vector<HandlerTimes::Entry> HandlerTimes::all() const {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < by_status_.size(); ++i) {
        if (const Durations* durations = by_status_[i].load(std::memory_order_acquire)) {
            entries.push_back({.code = std::to_string(i), .durations = durations});
        }
    }
    for (std::size_t i = 0; i < by_reason_.size(); ++i) {
        if (const Durations* durations = by_reason_[i].load(std::memory_order_acquire)) {
            entries.push_back(
                {.code = std::string(to_string(static_cast<Reason>(i))), .durations = durations});
        }
    }
    return entries;
}

}  // namespace laterd::core
