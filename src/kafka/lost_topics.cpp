#include "kafka/lost_topics.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "kafka/client.h"
#include "kafka/log_ends.h"
#include "kafka/topic_state.h"

namespace laterd::kafka {

namespace {

using ClientPtr = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using TopicPtr = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;

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

// What is known of a partition's leader may be old.
void refresh(rd_kafka_t* client, const std::vector<TopicPartition>& places,
             std::chrono::milliseconds timeout) {
    std::set<std::string> topics;
    for (const TopicPartition& place : places) {
        if (topics.insert(place.topic).second) {
            const TopicPtr handle(rd_kafka_topic_new(client, place.topic.c_str(), nullptr));
            topic_state(client, handle.get(), timeout);
        }
    }
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
    // Or was the cluster away until now?
    refresh(client_, there, timeout);
    return ask(client_, there, timeout).missed.empty() ? Search::found : Search::lost;
}

}  // namespace laterd::kafka
