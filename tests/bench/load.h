// Produces the records that wait: a backlog as fast as it goes, or a steady rate.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace laterd::bench {

struct LoadOptions {
    std::string brokers;
    std::string topic;
    std::int64_t records = 0;
    std::size_t size = 200;
    int headers = 0;
    double rate = 0;                           // records per second; 0: as fast as it goes
    std::optional<std::int64_t> timestamp_ms;  // of the first record; absent: each record's time of sending
    std::int64_t spread_ms = 0;                // the last record's timestamp is so much later
    bool shuffled = false;                     // the timestamps within the spread come in random order
    std::int64_t delay_ms = 0;                 // of the route under test: due = timestamp + delay
};

// Records go round-robin over the topic's partitions, keyed by their sequence number.
nlohmann::json produce_load(const LoadOptions& options);

}  // namespace laterd::bench
