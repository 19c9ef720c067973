// Whether a consumer's client has lost topics that are there.
//
// librdkafka 2.4 to 2.8 (its issues 4778 and 4964; 2.10.0 is mended) loses a topic that is created anew while a client has
// it: with the freed old entry its cache drops each new one. Such a client answers no question about the topic's
// partitions and never comes back into its group with them. Only a new client mends that.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "kafka/properties.h"
#include "kafka/topic_partition.h"

struct rd_kafka_s;

namespace laterd::kafka {

enum class Search : std::uint8_t {
    found,    // the client finds all that anybody finds
    lost,     // a new client finds more
    nowhere,  // nobody finds those that the client misses: they are gone, or the cluster is away
};

class LostTopics {
  public:
    // `client` belongs to the caller and outlives this; `spare` is what a client that is asked beside it is made with.
    LostTopics(rd_kafka_s* client, Conf spare);

    // Whether this librdkafka may lose topics at all.
    static bool may_be() noexcept;

    // Blocks, for several times `timeout` when nobody answers; `is_over` is asked in between and ends it. From one thread.
    Search search(const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout,
                  const std::function<bool()>& is_over) const;

  private:
    rd_kafka_s* client_;
    Conf spare_;
};

}  // namespace laterd::kafka
