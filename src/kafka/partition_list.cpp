#include "kafka/partition_list.h"

namespace laterd::kafka {

PartitionListPtr make_list(std::size_t size) {
    return PartitionListPtr(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

rd_kafka_topic_partition_t* add(const PartitionListPtr& list, const TopicPartition& place) {
    return rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), place.partition);
}

}  // namespace laterd::kafka
