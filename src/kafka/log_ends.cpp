#include "kafka/log_ends.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "kafka/client.h"
#include "kafka/partition_list.h"

namespace laterd::kafka {

namespace {

// For the questions that come after one without an answer.
constexpr std::chrono::milliseconds k_second_timeout{2'000};

using ClientPtr = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;

bool is_known(const LogEnds& ends) {
    return ends.known;
}

// Asks for one end of each log: -2 the start, -1 the end, in place of a timestamp.
void ask_one(rd_kafka_t* client, const std::vector<TopicPartition>& places, std::int64_t which,
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

std::vector<LogEnds> ask(rd_kafka_t* client, const std::vector<TopicPartition>& places,
                         std::chrono::milliseconds timeout) {
    std::vector<LogEnds> found(places.size(), LogEnds{.known = true});
    ask_one(client, places, RD_KAFKA_OFFSET_BEGINNING, timeout, &LogEnds::low, found);
    if (std::any_of(found.begin(), found.end(), is_known)) {
        ask_one(client, places, RD_KAFKA_OFFSET_END, timeout, &LogEnds::high, found);
    }
    return found;
}

bool knows_more(const std::vector<LogEnds>& a, const std::vector<LogEnds>& b) {
    return !std::equal(a.begin(), a.end(), b.begin(),
                       [](const LogEnds& of_a, const LogEnds& of_b) { return of_b.known || !of_a.known; });
}

}  // namespace

LogEndsFinder::LogEndsFinder(rd_kafka_s* client, Conf spare) : client_(client), spare_(std::move(spare)) {}

std::vector<LogEnds> LogEndsFinder::find(const std::vector<TopicPartition>& places,
                                         std::chrono::milliseconds timeout) {
    if (places.empty()) {
        return {};
    }
    if (client_lost_) {
        return ask_fresh(places, timeout);
    }
    std::vector<LogEnds> found = ask(client_, places, timeout);
    if (std::all_of(found.begin(), found.end(), is_known)) {
        return found;
    }
    // Is the cluster away, or is it the client?
    const std::chrono::milliseconds second = std::min(timeout, k_second_timeout);
    std::vector<LogEnds> found_afresh = ask_fresh(places, second);
    if (knows_more(found_afresh, found)) {
        // Or was the cluster away until now?
        client_lost_ = knows_more(found_afresh, ask(client_, places, second));
        return found_afresh;
    }
    return found;
}

std::vector<LogEnds> LogEndsFinder::ask_fresh(const std::vector<TopicPartition>& places,
                                              std::chrono::milliseconds timeout) const {
    try {
        const ClientPtr client(make_client(RD_KAFKA_CONSUMER, Conf(rd_kafka_conf_dup(spare_.get()))));
        return ask(client.get(), places, timeout);
    } catch (const std::exception& error) {
        return std::vector<LogEnds>(places.size(), LogEnds{.known = false, .error = error.what()});
    }
}

}  // namespace laterd::kafka
