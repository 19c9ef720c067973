// Where logs begin and end, asked of the cluster through a client.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/record.h"
#include "kafka/topic_partition.h"

struct rd_kafka_s;

namespace laterd::kafka {

struct LogEnds {
    bool known = false;
    core::Offset low = 0;   // the log's start
    core::Offset high = 0;  // the next offset a reader of this isolation level may come to
    std::string error;
};

// An answer for each place, in their order. Blocks, up to twice as long as `timeout`.
std::vector<LogEnds> ask_log_ends(rd_kafka_s* client, const std::vector<TopicPartition>& places,
                                  std::chrono::milliseconds timeout);

}  // namespace laterd::kafka
