#include "kafka/admin.h"

#include "kafka/client.h"
#include "kafka/topic_state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace laterd::kafka {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using ConfigResourcePtr =
    std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_destroy>>;
using OptionsPtr = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;

// How long one question is waited for before the errors are looked at.
constexpr milliseconds k_slice{250};

milliseconds left(Clock::time_point until) {
    return std::max(std::chrono::duration_cast<milliseconds>(until - Clock::now()), milliseconds(0));
}

// Of several errors the one that explains most is kept.
void note(ClusterFacts& facts, rd_kafka_resp_err_t error, const char* text) {
    Trouble trouble = trouble_of(error, text);
    if (facts.error.empty() || trouble.kind > facts.trouble.kind) {
        facts.error = text;
        facts.trouble = std::move(trouble);
        facts.authorised = !is_refusal(facts.trouble.kind);
    }
}

// Waits for the answer to an admin request; null when there is none.
EventPtr await(rd_kafka_queue_t* queue, milliseconds timeout) {
    // The request itself times out, with an answer that says so; the second is for its way back.
    EventPtr event(rd_kafka_queue_poll(queue, timeout_ms(timeout + milliseconds(1'000))));
    return event && rd_kafka_event_error(event.get()) ? EventPtr() : std::move(event);
}

OptionsPtr make_options(rd_kafka_t* client, rd_kafka_admin_op_t operation, milliseconds timeout) {
    OptionsPtr options(rd_kafka_AdminOptions_new(client, operation));
    std::array<char, 128> unused{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms(timeout), unused.data(),
                                              unused.size());
    return options;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

void note(TopicFacts& facts, std::string_view name, std::string_view value) {
    if (name == "max.message.bytes") {
        facts.max_message_bytes = number(value);
    } else if (name == "retention.ms") {
        facts.retention_ms = number(value);
    } else if (name == "retention.bytes") {
        facts.retention_bytes = number(value);
    } else if (name == "cleanup.policy") {
        facts.compacted = value.find("compact") != std::string_view::npos;
        facts.deletes = value.find("delete") != std::string_view::npos;
    } else if (name == "message.timestamp.type") {
        facts.log_append_time = value == "LogAppendTime";
    } else if (name == "message.timestamp.before.max.ms" || name == "message.timestamp.difference.max.ms") {
        // A broker has one of them, or both; the stricter one holds.
        const std::int64_t most = number(value).value_or(std::numeric_limits<std::int64_t>::max());
        facts.timestamp_before_max_ms = std::min(facts.timestamp_before_max_ms.value_or(most), most);
    }
}

TopicFacts::State state_of(const TopicState& found) {
    using State = TopicFacts::State;
    if (found.exists) {
        return State::exists;
    }
    switch (found.error) {
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
            return found.known ? State::missing : State::unknown;
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            return State::not_authorised;
        default:
            return State::unknown;
    }
}

}  // namespace

Admin::Admin(const AdminSettings& settings) : client_(make_client(RD_KAFKA_PRODUCER, admin_conf(settings))) {}

Admin::~Admin() {
    rd_kafka_destroy(client_);
}

ClusterFacts Admin::cluster(milliseconds timeout) {
    ClusterFacts facts;
    const QueuePtr main(rd_kafka_queue_get_main(client_));
    const auto until = Clock::now() + timeout;
    do {
        const rd_kafka_metadata_t* answer = nullptr;
        const auto error =
            rd_kafka_metadata(client_, 0, nullptr, &answer, timeout_ms(std::min(k_slice, left(until))));
        const MetadataPtr metadata(answer);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return {.reachable = true, .brokers = metadata->broker_cnt};
        }
        // Only until an event tells which broker, and why.
        if (facts.error.empty()) {
            facts.error = rd_kafka_err2str(error);
        }
        while (const EventPtr event{rd_kafka_queue_poll(main.get(), 0)}) {
            if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
                note(facts, rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
            } else if (const char* refused = certificate_error(event.get())) {
                note(facts, RD_KAFKA_RESP_ERR__SSL, refused);
            }
        }
    } while (facts.authorised && left(until) > milliseconds(0));
    return facts;
}

TopicFacts Admin::topic(const std::string& name, milliseconds timeout) {
    const TopicState found = topic_state(client_, name, timeout);
    TopicFacts facts{.state = state_of(found)};
    if (facts.state == TopicFacts::State::exists) {
        facts.partitions = found.partitions;
        describe(facts, name, timeout);
    } else if (facts.state != TopicFacts::State::missing) {
        facts.error = kafka::describe(found.error);
        facts.trouble = trouble_of(found.error, facts.error);
    }
    return facts;
}

void Admin::describe(TopicFacts& facts, const std::string& name, milliseconds timeout) {
    if (!has_controller(timeout)) {
        return;
    }
    const QueuePtr queue(rd_kafka_queue_new(client_));
    const OptionsPtr options = make_options(client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
    const ConfigResourcePtr resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
    rd_kafka_ConfigResource_t* asked = resource.get();
    rd_kafka_DescribeConfigs(client_, &asked, 1, options.get(), queue.get());
    const EventPtr answer = await(queue.get(), timeout);
    const auto* result = answer ? rd_kafka_event_DescribeConfigs_result(answer.get()) : nullptr;
    if (result == nullptr) {
        return;
    }
    std::size_t count = 0;
    const auto** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1 || rd_kafka_ConfigResource_error(resources[0])) {
        return;
    }
    std::size_t entry_count = 0;
    const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &entry_count);
    for (const auto* entry : std::span(entries, entry_count)) {
        if (const char* value = rd_kafka_ConfigEntry_value(entry)) {
            note(facts, rd_kafka_ConfigEntry_name(entry), value);
        }
    }
}

// The embedded broker names a controller that is none of its brokers, and answers neither of the questions that need one:
// the first only times out, and after the second librdkafka 2.0.2 never ends (its destroy waits for a thread that has locked
// itself out).
bool Admin::has_controller(milliseconds timeout) {
    if (!has_controller_) {
        const rd_kafka_metadata_t* answer = nullptr;
        rd_kafka_metadata(client_, 0, nullptr, &answer, timeout_ms(timeout));
        const MetadataPtr metadata(answer);
        if (metadata == nullptr) {
            return false;
        }
        const std::span brokers(metadata->brokers, static_cast<std::size_t>(metadata->broker_cnt));
        const std::int32_t controller = rd_kafka_controllerid(client_, timeout_ms(timeout));
        has_controller_ = std::any_of(brokers.begin(), brokers.end(),
                                      [controller](const auto& broker) { return broker.id == controller; });
    }
    return *has_controller_;
}

std::optional<std::vector<std::string>> Admin::topics(milliseconds timeout) {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto error = rd_kafka_metadata(client_, 1, nullptr, &answer, timeout_ms(timeout));
    const MetadataPtr metadata(answer);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    for (const auto& topic : std::span(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt))) {
        names.emplace_back(topic.topic);
    }
    return names;
}

std::optional<bool> Admin::may_use_group(const std::string& group, milliseconds timeout) {
    if (!has_controller(timeout)) {
        return std::nullopt;
    }
    const QueuePtr queue(rd_kafka_queue_new(client_));
    const OptionsPtr options = make_options(client_, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout);
    const char* asked = group.c_str();
    rd_kafka_DescribeConsumerGroups(client_, &asked, 1, options.get(), queue.get());
    const EventPtr answer = await(queue.get(), timeout);
    const auto* result = answer ? rd_kafka_event_DescribeConsumerGroups_result(answer.get()) : nullptr;
    if (result == nullptr) {
        return std::nullopt;
    }
    std::size_t count = 0;
    const auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
    if (count != 1) {
        return std::nullopt;
    }
    const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
    if (error == nullptr) {
        return true;
    }
    // A group that nobody has used yet is an error to some versions, and not one to mind.
    switch (rd_kafka_error_code(error)) {
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return false;
        case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
            return true;
        default:
            return std::nullopt;
    }
}

}  // namespace laterd::kafka
