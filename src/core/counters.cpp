#include "core/counters.h"

namespace laterd::core {

void clear_gauges(Counters& counters) {
    for (Counter* gauge :
         {&counters.held_records, &counters.held_bytes, &counters.in_flight, &counters.overdue_ms,
          &counters.next_due_ms, &counters.commit_age_ms, &counters.gate}) {
        gauge->set(0);
    }
    for (Counter& partitions : counters.partitions) {
        partitions.set(0);
    }
    for (Estimate& margin : counters.retention_margin) {
        margin.set(std::nullopt);
    }
    counters.topics.clear_lag();
}

}  // namespace laterd::core
