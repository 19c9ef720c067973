// The independent consumer at the end: reads a topic from its beginning and notes when each record arrived.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace laterd::bench {

struct ObserverOptions {
    std::string brokers;
    std::string topic;
    std::int64_t records = 0;  // ends when so many different ones have come
    double seconds = 60;       // or after this time, or at SIGTERM
    std::string
        samples;  // file for pairs of 64-bit numbers: arrival and due time in microseconds; may be empty
};

// Counts what came, what came twice, and what was early (by its arrival and by the Kafka timestamp of the
// copy).
nlohmann::json observe(const ObserverOptions& options);

// For a signal handler.
void stop_observing() noexcept;

}  // namespace laterd::bench
