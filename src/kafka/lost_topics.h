// Whether a consumer's client has lost topics that are there.
//
// librdkafka 2.4 to 2.8 (its issues 4778 and 4964; 2.10.0 is mended) loses a topic that is created anew while a client has
// it: with the freed old entry its cache drops each new one. Such a client answers no question about the topic's
// partitions and never comes back into its group with them. Only a new client mends that.
#pragma once

#include <chrono>
#include <vector>

#include "kafka/properties.h"
#include "kafka/topic_partition.h"

struct rd_kafka_s;

namespace laterd::kafka {

enum class Search : std::uint8_t {
    found,    // the client finds them all
    lost,     // it does not, and a new client does
    nowhere,  // nobody finds all of them: topics are gone, or the cluster is away
};

class LostTopics {
  public:
    // `client` belongs to the caller and outlives this; `spare` is what a client that is asked beside it is made with.
    LostTopics(rd_kafka_s* client, Conf spare);

    // Whether this librdkafka may lose topics at all.
    static bool may_be() noexcept;

    // Blocks, up to four times as long as `timeout`. From one thread.
    Search search(const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout) const;

  private:
    rd_kafka_s* client_;
    Conf spare_;
};

}  // namespace laterd::kafka
