// Delivers records to a handler: one HTTP request per record, answered in any order. One thread owns it; nothing waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"
#include "core/handler_times.h"
#include "core/pipeline.h"
#include "core/record.h"
#include "core/time.h"
#include "loop/poller.h"
#include "sink/http_client.h"

namespace laterd::sink {

class HandlerSink {
  public:
    struct Setup {
        const config::HandlerSink& handler;  // outlives the sink
        std::string route;
        std::uint32_t max_attempts;  // deliveries in all; 0: in place, no end
        loop::Poller& poller;        // outlives the sink
        core::HandlerTimes& times;   // outlives the sink
    };

    explicit HandlerSink(Setup setup);
    ~HandlerSink();  // aborts what is in flight: no outcome comes
    HandlerSink(const HandlerSink&) = delete;
    HandlerSink& operator=(const HandlerSink&) = delete;

    // A StoredRecord; its `attempts` are those before this one. The outcome comes through serve, exactly once. The core
    // sees to it that never more than `concurrency` are in flight.
    void deliver(core::RecordPtr record, const core::Now& now);

    // Moves the outcomes since the last call to the end of `outcomes`. A record that was not delivered has an `error`.
    void serve(const core::Now& now, std::vector<core::Outcome>& outcomes);

    // Call serve at the latest then, and after every wait of the poller.
    std::optional<core::SteadyTime> wake_at() const noexcept;

    std::size_t in_flight() const noexcept { return deliveries_.size() - idle_.size(); }

  private:
    struct Delivery {
        HttpCall call;
        core::RecordPtr record;  // null while idle
    };
    Delivery& take_idle();
    void count(const Answer& answer) const;
    core::Outcome settle(Delivery& delivery, int curl_code, const core::Now& now);

    const Setup setup_;
    HttpClient client_;
    std::vector<std::unique_ptr<Delivery>> deliveries_;  // by the number of the call
    std::vector<Delivery*> idle_;
    std::vector<HttpClient::Finished> finished_;
    std::vector<core::RecordPtr> refused_;  // there was no memory to call with them
};

}  // namespace laterd::sink
