#include "sink/topic_sink.h"

#include <algorithm>

#include "sink/copy_headers.h"

namespace laterd::sink {

namespace {

// Of a batch and of each record in it, besides the record's own bytes.
constexpr std::uint64_t k_batch_frame = 128;

Content content(const StoredRecord& record, const config::TopicSink& to) {
    return {
        .headers = delivered_headers(record),
        .value = record.value(),
        .partition = to.partition == config::TargetPartition::same ? record.origin.partition : -1,
        .timestamp = to.timestamp == config::TargetTimestamp::original
                         ? std::max<std::int64_t>(record.origin.timestamp, 0)
                         : 0,
    };
}

}  // namespace

TopicSink::TopicSink(const SinkSetup& setup)
    : target_({.cluster = setup.table.cluster(setup.route.to.cluster),
               .properties = setup.route.to.properties,
               .topic = setup.route.to.topic,
               .name = setup.name,
               .queue_bytes = setup.queue_bytes,
               .poller = setup.poller,
               .write = [&to = setup.route.to](const StoredRecord& record) { return content(record, to); },
               .on_trouble = setup.on_trouble}) {
    target_.open();
}

void TopicSink::limit_batches(std::int64_t max_message_bytes) {
    const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(max_message_bytes, 1'024));
    target_.limit_batches(most - most / 16);
}

bool TopicSink::is_oversize(const StoredRecord& record) const noexcept {
    return record.payload() + k_batch_frame > target_.batch_bytes();
}

}  // namespace laterd::sink
