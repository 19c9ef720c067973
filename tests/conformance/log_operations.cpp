// The ends of a log, deletion, and what no reader ever sees.
#include "conformance/answer.h"
#include "conformance/operation.h"
#include "conformance/real_kafka.h"
#include "support/kafka_producer.h"

namespace laterd::conformance {

namespace {

model::Log log_of(int records) {
    model::Log log;
    for (int i = 0; i < records; ++i) {
        log.append(static_cast<std::uint64_t>(i), 100);
    }
    return log;
}

std::string topic_of(RealKafka& kafka, int records) {
    const std::string topic = kafka.topic();
    kafka.append(topic, records);
    return topic;
}

// Whether it was done, and the ends after it.
std::string deleted(bool done, const std::string& ends) {
    return (done ? "done, " : "refused, ") + ends;
}

std::string delete_on_model(int records, core::Offset before) {
    model::Log log = log_of(records);
    const bool done = log.delete_before(before);
    return deleted(done, ends(log));
}

std::string delete_on_kafka(RealKafka& kafka, int records, core::Offset before) {
    const std::string topic = topic_of(kafka, records);
    bool done = true;
    try {
        kafka.admin().delete_records(topic, 0, before);
    } catch (const std::runtime_error&) {
        done = false;
    }
    return deleted(done, kafka.ends(topic));
}

Operation deletion(const std::string& name, int records, core::Offset before) {
    return {.name = name,
            .on_model = [=] { return delete_on_model(records, before); },
            .on_kafka = [=](RealKafka& kafka) { return delete_on_kafka(kafka, records, before); }};
}

// A transaction's records, and its marker.
void transact(support::TestProducer& producer, const std::string& topic, int records, bool commit) {
    producer.begin();
    for (int i = 0; i < records; ++i) {
        producer.send({.topic = topic, .partition = 0, .key = {}, .value = "v", .headers = {}});
    }
    producer.flush();
    commit ? producer.commit() : producer.abort();
}

// Three committed records with their marker, two aborted ones with theirs, and one committed with its.
model::Log transactional_log() {
    model::Log log = log_of(3);
    log.append_control();
    for (int i = 0; i < 3; ++i) {
        log.append_control();
    }
    log.append(9, 100);
    log.append_control();
    return log;
}

std::string transactional_topic(RealKafka& kafka) {
    const std::string topic = kafka.topic();
    support::TestProducer producer(kafka.bootstrap(), {{"transactional.id", topic}});
    transact(producer, topic, 3, true);
    transact(producer, topic, 2, false);
    transact(producer, topic, 1, true);
    // The broker answers before it writes the marker; whoever takes the id over is let in once that is there.
    support::TestProducer(kafka.bootstrap(), {{"transactional.id", topic}}).begin();
    return topic;
}

}  // namespace

std::vector<Operation> log_operations() {
    return {
        {"an empty log ends where it starts", [] { return ends(log_of(0)); },
         [](RealKafka& kafka) { return kafka.ends(kafka.topic()); }},
        {"appending moves the end", [] { return ends(log_of(3)); },
         [](RealKafka& kafka) { return kafka.ends(topic_of(kafka, 3)); }},
        deletion("deleting moves the start", 5, 2),
        deletion("deleting nothing changes nothing", 5, 0),
        deletion("deleting everything leaves the end", 5, 5),
        deletion("deleting beyond the end is refused", 5, 6),
        {"deleting below the start changes nothing",
         [] {
             model::Log log = log_of(5);
             log.delete_before(3);
             return deleted(log.delete_before(1), ends(log));
         },
         [](RealKafka& kafka) {
             const std::string topic = topic_of(kafka, 5);
             kafka.admin().delete_records(topic, 0, 3);
             kafka.admin().delete_records(topic, 0, 1);
             return deleted(true, kafka.ends(topic));
         }},
        {"an offset is never given twice",
         [] {
             model::Log log = log_of(4);
             log.delete_before(4);
             log.append(9, 100);
             return ends(log);
         },
         [](RealKafka& kafka) {
             const std::string topic = topic_of(kafka, 4);
             kafka.admin().delete_records(topic, 0, 4);
             kafka.append(topic, 1);
             return kafka.ends(topic);
         }},
        {"markers and aborted records take offsets", [] { return ends(transactional_log()); },
         [](RealKafka& kafka) { return kafka.ends(transactional_topic(kafka)); }},
        {"markers and aborted records are never shown", [] { return shown(transactional_log(), 0); },
         [](RealKafka& kafka) { return kafka.read(transactional_topic(kafka), 0); }},
        {"reading may begin among aborted records", [] { return shown(transactional_log(), 5); },
         [](RealKafka& kafka) { return kafka.read(transactional_topic(kafka), 5); }},
        {"reading behind the last record comes to the end behind its marker",
         [] { return shown(transactional_log(), 8); },
         [](RealKafka& kafka) { return kafka.read(transactional_topic(kafka), 8); }},
        {"a topic that was created anew starts at 0",
         [] {
             model::Topic topic(1, {});
             topic.log(0).append(0, 100);
             topic.recreate();
             return ends(topic.log(0));
         },
         [](RealKafka& kafka) {
             const std::string topic = topic_of(kafka, 5);
             kafka.admin().delete_topic(topic);
             kafka.admin().create_topic(topic, 1);
             return kafka.ends(topic);
         }},
        {"an added partition is empty",
         [] {
             model::Topic topic(1, {});
             topic.log(0).append(0, 100);
             topic.add_partition();
             return std::to_string(topic.partitions()) + ": " + ends(topic.log(1));
         },
         [](RealKafka& kafka) {
             const std::string topic = topic_of(kafka, 1);
             kafka.admin().set_partitions(topic, 2);
             const auto count = (*kafka.reader(topic))->partition_count(topic, testing::k_patience);
             return std::to_string(count.value_or(0)) + ": " + kafka.ends(topic, 1);
         }},
    };
}

}  // namespace laterd::conformance
