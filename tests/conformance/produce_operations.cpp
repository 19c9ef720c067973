// How a request to write is judged.
#include <chrono>

#include "conformance/answer.h"
#include "conformance/operation.h"
#include "conformance/real_kafka.h"
#include "support/await.h"

namespace laterd::conformance {

namespace {

using model::Produced;
using testing::Record;

// The answer, and how many records are in afterwards.
std::string outcome(const std::string& answer, core::Offset written) {
    return answer + ", " + std::to_string(written) + " written";
}

struct Case {
    std::string name;
    model::Topic::Settings settings;
    std::vector<Produced> batch;
};

std::string on_model(const Case& wanted) {
    model::Topic topic(1, wanted.settings);
    const std::string answer = judged(topic.produce(0, wanted.batch));
    return outcome(answer, topic.log(0).high());
}

Record record_like(const Produced& produced) {
    Record record;
    if (produced.has_key) {
        record.key = "key " + std::to_string(produced.id);
    }
    record.value = std::string(produced.bytes, 'v');
    if (produced.far_ahead) {
        record.timestamp = support::wall_ms() + 2 * 3'600'000;
    }
    return record;
}

std::string on_kafka(RealKafka& kafka, const Case& wanted) {
    const std::string topic =
        kafka.topic(1, {{"max.message.bytes", std::to_string(wanted.settings.max_message_bytes)},
                        {"message.timestamp.after.max.ms", "3600000"},  // the default from 4.0 on
                        {"cleanup.policy", wanted.settings.compacted ? "compact" : "delete"}});
    std::vector<Record> batch;
    for (const Produced& produced : wanted.batch) {
        batch.push_back(record_like(produced));
    }
    const std::string answer = kafka.produce(topic, batch);
    return outcome(answer, kafka.admin().log_end(topic, 0));
}

Operation judgement(Case wanted) {
    return {.name = wanted.name,
            .on_model = [wanted] { return on_model(wanted); },
            .on_kafka = [wanted](RealKafka& kafka) { return on_kafka(kafka, wanted); }};
}

std::vector<Produced> records(int count, std::uint32_t bytes) {
    std::vector<Produced> all;
    for (int i = 0; i < count; ++i) {
        all.push_back({.id = static_cast<std::uint64_t>(i), .bytes = bytes});
    }
    return all;
}

std::vector<Produced> with(std::vector<Produced> all, Produced odd) {
    all[all.size() / 2] = odd;
    return all;
}

std::string forbidden_then_allowed(RealKafka& kafka) {
    const std::string topic = kafka.topic();
    kafka.admin().deny("laterd", RD_KAFKA_ACL_OPERATION_WRITE, topic);
    std::string answers = kafka.produce_as_laterd(topic, {.value = "v", .headers = {}});
    kafka.admin().allow_again(topic);
    // Access is told to the brokers with some delay.
    support::eventually(testing::k_patience, [&] {
        return kafka.produce_as_laterd(topic, {.value = "v", .headers = {}}) ==
               judged(model::ProduceError::none);
    });
    return answers + ", then " + kafka.produce_as_laterd(topic, {.value = "v", .headers = {}});
}

}  // namespace

std::vector<Operation> produce_operations() {
    const model::Topic::Settings small{.max_message_bytes = 20'000, .compacted = false};
    const model::Topic::Settings compacted{.max_message_bytes = 1'000'000, .compacted = true};
    return {
        judgement({"a batch is taken", {}, records(20, 100)}),
        judgement({"a record within the limit is taken", small, records(1, 19'000)}),
        judgement({"a record beyond the limit is refused", small, records(1, 21'000)}),
        judgement({"a batch beyond the limit is refused, though none of its records is", small,
                   records(50, 1'000)}),
        judgement({"a record beyond the limit takes its batch with it", small,
                   with(records(10, 100), {.id = 5, .bytes = 30'000})}),
        judgement({"a record without a key is refused by a compacted topic",
                   compacted,
                   {{.id = 1, .bytes = 10, .has_key = false}}}),
        judgement({"a record with a key is taken by a compacted topic", compacted, records(3, 10)}),
        judgement({"a record without a key takes its batch with it", compacted,
                   with(records(50, 100), {.id = 9, .bytes = 10, .has_key = false})}),
        judgement({"a timestamp far ahead is refused", {}, {{.id = 1, .bytes = 10, .far_ahead = true}}}),
        judgement({"a timestamp far ahead takes its batch with it",
                   {},
                   with(records(50, 100), {.id = 9, .bytes = 10, .far_ahead = true})}),
        {"a missing topic is told",
         [] {
             model::Topic topic(1, {});
             topic.remove();
             return judged(topic.produce(0, records(1, 10)));
         },
         [](RealKafka& kafka) { return kafka.produce("no-such-topic", {{.value = "v", .headers = {}}}); }},
        {"a missing partition is told", [] { return judged(model::Topic(2, {}).produce(2, records(1, 10))); },
         [](RealKafka& kafka) { return kafka.produce(kafka.topic(2), {{.value = "v", .headers = {}}}, 2); }},
        {"a topic that comes back is written to",
         [] {
             model::Topic topic(1, {});
             topic.remove();
             topic.restore();
             return judged(topic.produce(0, records(1, 10)));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             testing::Writer writer(testing::Writer::Options{}, kafka.cluster());
             writer.write(topic, 0, {.value = "v", .headers = {}});
             kafka.admin().delete_topic(topic);
             writer->refresh(writer->topic(topic), testing::k_patience);
             kafka.admin().create_topic(topic, 1);
             support::eventually(testing::k_patience, [&] {
                 return writer->refresh(writer->topic(topic), testing::k_patience).exists;
             });
             writer.write(topic, 0, {.value = "v", .headers = {}});
             return judged(writer.reports.back().second);
         }},
        {"who may not write is told so, and may later",
         [] {
             model::Topic topic(1, {});
             topic.forbid();
             const std::string before = judged(topic.produce(0, records(1, 10)));
             topic.allow();
             return before + ", then " + judged(topic.produce(0, records(1, 10)));
         },
         forbidden_then_allowed},
    };
}

}  // namespace laterd::conformance
