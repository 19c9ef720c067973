// Where logs begin and end, asked of the cluster through a consumer's client.
//
// librdkafka 2.4 to 2.8 (its issues 4778 and 4964; 2.10.0 is mended) loses a topic that is created anew while a client has
// it: with the freed old entry its cache drops each new one. Such a client answers no question about the topic's
// partitions and never comes back into its group. A client that is made for the question finds them.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "core/record.h"
#include "kafka/properties.h"
#include "kafka/topic_partition.h"

struct rd_kafka_s;

namespace laterd::kafka {

struct LogEnds {
    bool known = false;
    core::Offset low = 0;   // the log's start
    core::Offset high = 0;  // the next offset a reader of this isolation level may come to
    std::string error;
};

class LogEndsFinder {
  public:
    // `client` belongs to the caller and outlives this; `spare` is what clients made for a question are made with.
    LogEndsFinder(rd_kafka_s* client, Conf spare);

    // An answer for each place, in their order. Blocks, up to four times as long as `timeout`; from one thread only.
    std::vector<LogEnds> find(const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout);

    // Whether the client has lost topics that another one finds: it is not asked any more. From any thread.
    bool is_client_lost() const noexcept { return client_lost_; }

  private:
    std::vector<LogEnds> ask_fresh(const std::vector<TopicPartition>& places,
                                   std::chrono::milliseconds timeout) const;

    rd_kafka_s* client_;
    Conf spare_;
    std::atomic<bool> client_lost_{false};
};

}  // namespace laterd::kafka
