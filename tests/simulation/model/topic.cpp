#include "simulation/model/topic.h"

namespace laterd::model {

ProduceError Topic::judge(std::size_t partition, std::span<const Produced> batch) const {
    if (!authorised_) {
        return ProduceError::not_authorised;
    }
    if (!exists_ || partition >= logs_.size()) {
        return ProduceError::unknown_topic;
    }
    std::uint64_t bytes = 0;
    for (const Produced& record : batch) {
        bytes += record.bytes;
    }
    if (bytes > settings_.max_message_bytes) {
        return ProduceError::too_large;
    }
    for (const Produced& record : batch) {
        if (settings_.compacted && !record.has_key) {
            return ProduceError::invalid_record;
        }
        if (record.far_ahead) {
            return ProduceError::invalid_timestamp;
        }
    }
    return ProduceError::none;
}

ProduceError Topic::produce(std::size_t partition, std::span<const Produced> batch) {
    const ProduceError error = judge(partition, batch);
    if (error == ProduceError::none) {
        for (const Produced& record : batch) {
            logs_[partition].append(record.id, record.bytes);
        }
    }
    return error;
}

}  // namespace laterd::model
