// Tells people what the core noticed, in words; repeated ones are kept back and counted.
#pragma once

#include <string>
#include <string_view>

#include "config/routing_table.h"
#include "core/commands.h"
#include "core/time.h"
#include "kafka/topic_partition.h"
#include "kafka/trouble.h"
#include "runtime/limiter.h"

namespace laterd::runtime {

class NoticeLog {
  public:
    // `route` outlives it.
    NoticeLog(const config::Route& route, int worker);

    // `place`: the partition of the notice's slot; nullptr for notices that are about the whole worker.
    void tell(const core::Notice& notice, const kafka::TopicPartition* place, const core::Now& now);

    // A client's own error, or a line of its log (no code); the same one at most once in a while.
    void trouble(const config::Cluster& cluster, kafka::ErrorCode code, std::string_view text,
                 const core::Now& now);

    // Somebody has set the wall clock; at most once in a while.
    void clock_stepped(core::Milliseconds by, const core::Now& now);

    // The cluster of `from` does not answer, or refuses this client. Not limited: the caller knows how often.
    void unreachable(const config::Cluster& cluster, std::string_view error,
                     const kafka::Trouble& trouble) const;

  private:
    const config::Route& route_;
    int worker_;
    Limiter limiter_;
};

}  // namespace laterd::runtime
