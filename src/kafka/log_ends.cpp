#include "kafka/log_ends.h"

#include <algorithm>

#include "kafka/client.h"
#include "kafka/partition_list.h"

namespace laterd::kafka {

namespace {

// Asks for one end of each log: -2 the start, -1 the end, in place of a timestamp.
void ask(rd_kafka_t* client, const std::vector<TopicPartition>& places, std::int64_t which,
         std::chrono::milliseconds timeout, core::Offset LogEnds::* end, std::vector<LogEnds>& found) {
    const PartitionListPtr list = make_list(places.size());
    for (const TopicPartition& place : places) {
        add(list, place)->offset = which;
    }
    const auto error = rd_kafka_offsets_for_times(client, list.get(), timeout_ms(timeout));
    for (std::size_t i = 0; i < places.size(); ++i) {
        const rd_kafka_topic_partition_t& part = list->elems[i];
        const auto why = error ? error : part.err;
        if (why || part.offset < 0) {
            found[i].known = false;
            found[i].error = rd_kafka_err2str(why ? why : RD_KAFKA_RESP_ERR__TIMED_OUT);
        } else {
            found[i].*end = part.offset;
        }
    }
}

}  // namespace

std::vector<LogEnds> ask_log_ends(rd_kafka_s* client, const std::vector<TopicPartition>& places,
                                  std::chrono::milliseconds timeout) {
    std::vector<LogEnds> found(places.size(), LogEnds{.known = true});
    if (places.empty()) {
        return found;
    }
    ask(client, places, RD_KAFKA_OFFSET_BEGINNING, timeout, &LogEnds::low, found);
    // Whoever knows none of the starts is not asked for the ends, too.
    if (std::any_of(found.begin(), found.end(), [](const LogEnds& ends) { return ends.known; })) {
        ask(client, places, RD_KAFKA_OFFSET_END, timeout, &LogEnds::high, found);
    }
    return found;
}

}  // namespace laterd::kafka
