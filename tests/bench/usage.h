// What a process has used: CPU seconds and memory, of this process or of another one.
#pragma once

#include <sys/types.h>
#include <nlohmann/json_fwd.hpp>

namespace laterd::bench {

struct Usage {
    double cpu_seconds = 0;  // user and system, with children that were waited for
    double rss_mib = 0;      // now
    double rss_max_mib = 0;  // since its start
};

Usage usage_of_self();

// From /proc; zeros when the process is gone.
Usage usage_of(pid_t process);

void to_json(nlohmann::json& json, const Usage& usage);

}  // namespace laterd::bench
