// Tells people what the core noticed, in words; repeated ones are kept back and counted.
#pragma once

#include <string>
#include <string_view>

#include "config/routing_table.h"
#include "core/commands.h"
#include "core/time.h"
#include "kafka/topic_partition.h"
#include "runtime/limiter.h"

namespace laterd::runtime {

class NoticeLog {
  public:
    // `route` outlives it.
    NoticeLog(const config::Route& route, int worker);

    // `place`: the partition of the notice's slot; nullptr for notices that are about the whole worker.
    void tell(const core::Notice& notice, const kafka::TopicPartition* place, const core::Now& now);

    // A client's own error; the same text at most once in a while.
    void trouble(std::string_view text, const core::Now& now);

  private:
    const config::Route& route_;
    int worker_;
    Limiter limiter_;
};

}  // namespace laterd::runtime
