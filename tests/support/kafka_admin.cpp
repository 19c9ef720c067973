#include "support/kafka_admin.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "support/await.h"

namespace laterd::support {

namespace {

using namespace std::chrono_literals;

constexpr int k_within_ms = 30'000;
template <auto Destroy>
struct Deleter {
    template <typename T>
    void operator()(T* object) const {
        Destroy(object);
    }
};
template <typename T, auto Destroy>
using Owned = std::unique_ptr<T, Deleter<Destroy>>;

using Answer = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using Queue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using PartitionList = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

[[noreturn]] void fail(const char* what, const char* why) {
    throw std::runtime_error(std::string(what) + ": " + (why != nullptr ? why : "failed"));
}

void check(const char* what, rd_kafka_resp_err_t error, const char* text) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(what, text != nullptr ? text : rd_kafka_err2str(error));
    }
}

void check(const char* what, const rd_kafka_error_t* error) {
    if (error != nullptr) {
        fail(what, rd_kafka_error_string(error));
    }
}

// Sends a request by `ask` and waits for its answer.
Answer answer_to(const char* what, rd_kafka_t* client, const std::function<void(rd_kafka_queue_t*)>& ask) {
    const Queue queue(rd_kafka_queue_new(client));
    ask(queue.get());
    Answer answer(rd_kafka_queue_poll(queue.get(), k_within_ms));
    if (answer == nullptr) {
        fail(what, "no answer");
    }
    check(what, rd_kafka_event_error(answer.get()), rd_kafka_event_error_string(answer.get()));
    return answer;
}

void check_topics(const char* what, const rd_kafka_topic_result_t** results, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        check(what, rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_error_string(results[i]));
    }
}

PartitionList one_partition(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    PartitionList list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
    return list;
}

using GroupList = Owned<const rd_kafka_group_list, rd_kafka_group_list_destroy>;

// Null when no broker knows the group, or nobody answers for long.
GroupList describe_group(rd_kafka_t* client, const std::string& group) {
    GroupList found;
    eventually(20s, [&] {
        const rd_kafka_group_list* list = nullptr;
        const auto error = rd_kafka_list_groups(client, group.c_str(), &list, 3'000);
        found.reset(list);
        return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    return found == nullptr || found->group_cnt == 0 ? nullptr : std::move(found);
}

// How many rules of a resource fit; principal, host, operation and permission of any kind are null or ANY.
std::size_t count_rules(rd_kafka_t* client, const rd_kafka_AclBindingFilter_t* filter) {
    const Answer answer = answer_to("describe ACLs", client, [&](rd_kafka_queue_t* queue) {
        rd_kafka_DescribeAcls(client, const_cast<rd_kafka_AclBindingFilter_t*>(filter), nullptr, queue);
    });
    std::size_t count = 0;
    rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(answer.get()), &count);
    return count;
}

bool has_settings(rd_kafka_t* client, const std::string& topic, const Properties& settings) {
    const Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy> request(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    rd_kafka_ConfigResource_t* requests[] = {request.get()};
    const Answer answer = answer_to("describe topic", client, [&](rd_kafka_queue_t* queue) {
        rd_kafka_DescribeConfigs(client, requests, 1, nullptr, queue);
    });
    std::size_t count = 0;
    const auto** resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
    if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return false;
    }
    std::size_t entry_count = 0;
    const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &entry_count);
    return std::all_of(settings.begin(), settings.end(), [&](const auto& setting) {
        return std::any_of(entries, entries + entry_count, [&](const rd_kafka_ConfigEntry_t* entry) {
            const char* value = rd_kafka_ConfigEntry_value(entry);
            return setting.first == rd_kafka_ConfigEntry_name(entry) && value != nullptr &&
                   setting.second == value;
        });
    });
}

}  // namespace

KafkaAdmin::KafkaAdmin(const std::string& bootstrap)
    : bootstrap_(bootstrap), client_(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap}}) {}

void KafkaAdmin::create_topic(const std::string& topic, int partitions, const Properties& settings) {
    char error[512] = "";
    // -1: the broker's own default, so that two nodes mean two replicas.
    const Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> request(
        rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, error, sizeof error));
    if (request == nullptr) {
        fail("create topic", error);
    }
    for (const auto& [name, value] : settings) {
        rd_kafka_NewTopic_set_config(request.get(), name.c_str(), value.c_str());
    }
    rd_kafka_NewTopic_t* requests[] = {request.get()};
    const Answer answer = answer_to("create topic", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_CreateTopics(client_.get(), requests, 1, nullptr, queue);
    });
    std::size_t count = 0;
    const auto** results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
    check_topics("create topic", results, count);
    // Each broker learns of it by itself, and anyone may be asked: a client that knows only one asks that one first.
    std::istringstream brokers(bootstrap_);
    for (std::string address; std::getline(brokers, address, ',');) {
        if (!eventually(20s, [&] { return KafkaAdmin(address).partitions(topic) == partitions; })) {
            fail("create topic", "not seen in the metadata");
        }
    }
}

void KafkaAdmin::delete_topic(const std::string& topic) {
    const Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> request(
        rd_kafka_DeleteTopic_new(topic.c_str()));
    rd_kafka_DeleteTopic_t* requests[] = {request.get()};
    const Answer answer = answer_to("delete topic", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_DeleteTopics(client_.get(), requests, 1, nullptr, queue);
    });
    std::size_t count = 0;
    const auto** results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer.get()), &count);
    check_topics("delete topic", results, count);
    if (!eventually(20s, [&] { return partitions(topic) == 0; })) {
        fail("delete topic", "still in the metadata");
    }
}

void KafkaAdmin::set_partitions(const std::string& topic, int partitions) {
    char error[512] = "";
    const Owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy> request(
        rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(partitions), error, sizeof error));
    if (request == nullptr) {
        fail("set partitions", error);
    }
    rd_kafka_NewPartitions_t* requests[] = {request.get()};
    const Answer answer = answer_to("set partitions", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_CreatePartitions(client_.get(), requests, 1, nullptr, queue);
    });
    std::size_t count = 0;
    const auto** results =
        rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(answer.get()), &count);
    check_topics("set partitions", results, count);
    if (!eventually(20s, [&] { return this->partitions(topic) == partitions; })) {
        fail("set partitions", "not seen in the metadata");
    }
}

void KafkaAdmin::set_topic(const std::string& topic, const Properties& settings) {
    const Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy> request(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    for (const auto& [name, value] : settings) {
        rd_kafka_ConfigResource_set_config(request.get(), name.c_str(), value.c_str());
    }
    rd_kafka_ConfigResource_t* requests[] = {request.get()};
    const Answer answer = answer_to("set topic", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_AlterConfigs(client_.get(), requests, 1, nullptr, queue);
    });
    std::size_t count = 0;
    const auto** results =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(answer.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        check("set topic", rd_kafka_ConfigResource_error(results[i]),
              rd_kafka_ConfigResource_error_string(results[i]));
    }
    // The controller has answered; the brokers follow.
    if (!eventually(20s, [&] { return has_settings(client_.get(), topic, settings); })) {
        fail("set topic", "not seen in the topic's configuration");
    }
}

void KafkaAdmin::delete_records(const std::string& topic, std::int32_t partition, std::int64_t before) {
    const PartitionList list = one_partition(topic, partition, before);
    const Owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy> request(
        rd_kafka_DeleteRecords_new(list.get()));
    rd_kafka_DeleteRecords_t* requests[] = {request.get()};
    const Answer answer = answer_to("delete records", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_DeleteRecords(client_.get(), requests, 1, nullptr, queue);
    });
    const auto* offsets =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(answer.get()));
    check("delete records", offsets->elems[0].err, nullptr);
}

KafkaAdmin::Watermarks KafkaAdmin::watermarks(const std::string& topic, std::int32_t partition) {
    Watermarks marks{};
    check("query watermarks",
          rd_kafka_query_watermark_offsets(client_.get(), topic.c_str(), partition, &marks.low, &marks.high,
                                           k_within_ms),
          nullptr);
    return marks;
}

std::int64_t KafkaAdmin::log_start(const std::string& topic, std::int32_t partition) {
    return watermarks(topic, partition).low;
}

std::int64_t KafkaAdmin::log_end(const std::string& topic, std::int32_t partition) {
    return watermarks(topic, partition).high;
}

int KafkaAdmin::partitions(const std::string& topic) {
    // Asked about all topics: asking about one by name would wait for it to appear.
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client_.get(), 1, nullptr, &metadata, 2'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return -1;
    }
    const Owned<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> owned(metadata);
    const rd_kafka_metadata_topic_t* begin = metadata->topics;
    const rd_kafka_metadata_topic_t* end = begin + metadata->topic_cnt;
    const auto* found = std::find_if(begin, end, [&](const auto& each) { return topic == each.topic; });
    if (found == end || found->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    const bool all_led = std::all_of(found->partitions, found->partitions + found->partition_cnt,
                                     [](const auto& partition) { return partition.leader >= 0; });
    return all_led ? found->partition_cnt : -1;
}

// The old calls of a consumer and not the requests of the Admin API: librdkafka 2.0.2 never answers those that it sent
// while the group's coordinator was coming up, and crashes when they are repeated.
rd_kafka_t* KafkaAdmin::group_client(const std::string& group) {
    std::unique_ptr<KafkaClient>& client = group_clients_[group];
    if (client == nullptr) {
        client = std::make_unique<KafkaClient>(
            RD_KAFKA_CONSUMER, Properties{{"bootstrap.servers", bootstrap_}, {"group.id", group}});
    }
    return client->get();
}

std::optional<std::int64_t> KafkaAdmin::committed(const std::string& group, const std::string& topic,
                                                  std::int32_t partition) {
    rd_kafka_t* client = group_client(group);
    std::int64_t offset = RD_KAFKA_OFFSET_INVALID;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    // Asked again while the coordinator comes up or moves.
    eventually(30s, [&] {
        const PartitionList list = one_partition(topic, partition, RD_KAFKA_OFFSET_INVALID);
        error = rd_kafka_committed(client, list.get(), 5'000);
        error = error != RD_KAFKA_RESP_ERR_NO_ERROR ? error : list->elems[0].err;
        offset = list->elems[0].offset;
        return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    check("committed", error, nullptr);
    return offset < 0 ? std::nullopt : std::optional(offset);
}

void KafkaAdmin::set_committed(const std::string& group, const std::string& topic, std::int32_t partition,
                               std::int64_t offset) {
    const PartitionList list = one_partition(topic, partition, offset);
    rd_kafka_t* client = group_client(group);
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    eventually(30s, [&] {
        error = rd_kafka_commit(client, list.get(), 0);
        return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    check("set committed", error, nullptr);
}

int KafkaAdmin::members(const std::string& group) {
    const GroupList list = describe_group(client_.get(), group);
    return list == nullptr || std::string(list->groups[0].state) != "Stable" ? 0 : list->groups[0].member_cnt;
}

int KafkaAdmin::coordinator(const std::string& group) {
    const GroupList list = describe_group(client_.get(), group);
    if (list == nullptr) {
        fail("coordinator", "the group has none");
    }
    return list->groups[0].broker.id;
}

void KafkaAdmin::deny(const std::string& user, rd_kafka_AclOperation_t operation, const std::string& topic,
                      rd_kafka_ResourceType_t resource) {
    rule(user, operation, RD_KAFKA_ACL_PERMISSION_TYPE_DENY, topic, resource);
}

void KafkaAdmin::allow(const std::string& user, const std::string& topic) {
    rule(user, RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, topic,
         RD_KAFKA_RESOURCE_TOPIC);
}

void KafkaAdmin::rule(const std::string& user, rd_kafka_AclOperation_t operation,
                      rd_kafka_AclPermissionType_t permission, const std::string& topic,
                      rd_kafka_ResourceType_t resource) {
    char error[512] = "";
    const Owned<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy> request(
        rd_kafka_AclBinding_new(resource, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
                                ("User:" + user).c_str(), "*", operation, permission, error, sizeof error));
    if (request == nullptr) {
        fail("set an ACL", error);
    }
    rd_kafka_AclBinding_t* requests[] = {request.get()};
    const Answer answer = answer_to("set an ACL", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_CreateAcls(client_.get(), requests, 1, nullptr, queue);
    });
    std::size_t count = 0;
    const auto** results =
        rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(answer.get()), &count);
    check("set an ACL", rd_kafka_acl_result_error(results[0]));
    // The controller has answered; the broker's authorizer follows.
    const Owned<rd_kafka_AclBindingFilter_t, rd_kafka_AclBinding_destroy> same(rd_kafka_AclBindingFilter_new(
        resource, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, ("User:" + user).c_str(), "*", operation,
        permission, error, sizeof error));
    if (!eventually(20s, [&] { return count_rules(client_.get(), same.get()) > 0; })) {
        fail("set an ACL", "the broker does not know it");
    }
}

void KafkaAdmin::allow_again(const std::string& name, rd_kafka_ResourceType_t resource) {
    char error[512] = "";
    const Owned<rd_kafka_AclBindingFilter_t, rd_kafka_AclBinding_destroy> request(
        rd_kafka_AclBindingFilter_new(resource, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr,
                                      nullptr, RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY,
                                      error, sizeof error));
    if (request == nullptr) {
        fail("allow", error);
    }
    rd_kafka_AclBindingFilter_t* requests[] = {request.get()};
    answer_to("allow", client_.get(), [&](rd_kafka_queue_t* queue) {
        rd_kafka_DeleteAcls(client_.get(), requests, 1, nullptr, queue);
    });
    if (!eventually(20s, [&] { return count_rules(client_.get(), request.get()) == 0; })) {
        fail("allow", "the broker still knows a rule");
    }
}

}  // namespace laterd::support
