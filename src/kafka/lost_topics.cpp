#include "kafka/lost_topics.h"

#include <exception>
#include <memory>
#include <utility>

#include "kafka/client.h"
#include "kafka/log_ends.h"
#include "kafka/topic_state.h"

namespace laterd::kafka {

namespace {

using ClientPtr = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;

constexpr int k_first_with_the_fault = 0x02040000;
constexpr int k_first_without = 0x020a0000;

struct Answer {
    std::vector<TopicPartition> found;
    std::vector<TopicPartition> missed;
};

Answer ask(rd_kafka_t* client, const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout) {
    const std::vector<LogEnds> ends = ask_log_ends(client, places, timeout);
    Answer answer;
    for (std::size_t i = 0; i < places.size(); ++i) {
        (ends[i].known ? answer.found : answer.missed).push_back(places[i]);
    }
    return answer;
}

}  // namespace

LostTopics::LostTopics(rd_kafka_s* client, Conf spare) : client_(client), spare_(std::move(spare)) {}

bool LostTopics::may_be() noexcept {
    return rd_kafka_version() >= k_first_with_the_fault && rd_kafka_version() < k_first_without;
}

Search LostTopics::search(const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout,
                          const std::function<bool()>& is_over) const {
    const std::vector<TopicPartition> missed = ask(client_, places, timeout).missed;
    if (missed.empty() || is_over()) {
        return Search::found;
    }
    std::vector<TopicPartition> there;
    try {
        const ClientPtr fresh(make_client(RD_KAFKA_CONSUMER, Conf(rd_kafka_conf_dup(spare_.get()))));
        there = ask(fresh.get(), missed, timeout).found;
    } catch (const std::exception&) {
        return Search::nowhere;
    }
    if (there.empty() || is_over()) {
        return Search::nowhere;
    }
    // Or was the cluster away until now? What is known of the leaders may be old.
    for (const TopicPartition& place : there) {
        topic_state(client_, place.topic, timeout);
    }
    return ask(client_, there, timeout).missed.empty() ? Search::found : Search::lost;
}

}  // namespace laterd::kafka
