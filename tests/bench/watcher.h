// Watches a topic grow to a number of records by asking for its end offsets, and what a process uses
// meanwhile. It reads no record, so it takes next to nothing from what is measured.
#pragma once

#include <sys/types.h>
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace laterd::bench {

struct WatcherOptions {
    std::string brokers;
    std::string topic;
    std::int64_t records = 0;
    double seconds = 300;          // gives up after this time; the answer says how far it came
    std::optional<pid_t> process;  // whose CPU and memory to note at the first and at the last record
};

nlohmann::json watch(const WatcherOptions& options);

}  // namespace laterd::bench
