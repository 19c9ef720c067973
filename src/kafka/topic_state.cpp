#include "kafka/topic_state.h"

#include "kafka/client.h"

namespace laterd::kafka {

TopicState topic_state(rd_kafka_s* client, rd_kafka_topic_s* topic, std::chrono::milliseconds timeout) {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto error = rd_kafka_metadata(client, 0, topic, &answer, timeout_ms(timeout));
    const MetadataPtr metadata(answer);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topic_cnt != 1) {
        return {.error = error ? error : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    }
    const rd_kafka_metadata_topic_t& found = metadata->topics[0];
    return {.known = true,
            .exists = found.err == RD_KAFKA_RESP_ERR_NO_ERROR && found.partition_cnt > 0,
            .partitions = found.partition_cnt,
            .error = found.err};
}

TopicState topic_state(rd_kafka_s* client, const std::string& topic, std::chrono::milliseconds timeout) {
    const std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>> handle(
        rd_kafka_topic_new(client, topic.c_str(), nullptr));
    return topic_state(client, handle.get(), timeout);
}

}  // namespace laterd::kafka
