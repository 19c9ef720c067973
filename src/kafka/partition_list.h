// librdkafka's lists of partitions. For this folder only.
#pragma once

#include <cstddef>

#include "kafka/client.h"
#include "kafka/topic_partition.h"

namespace laterd::kafka {

// One entry per partition.
PartitionListPtr make_list(std::size_t size);

// The entry belongs to the list, and moves when another one is added.
rd_kafka_topic_partition_t* add(const PartitionListPtr& list, const TopicPartition& place);

}  // namespace laterd::kafka
