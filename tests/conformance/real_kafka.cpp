#include "conformance/real_kafka.h"

#include <stdexcept>

#include "conformance/answer.h"

namespace laterd::conformance {

using testing::k_patience;
using testing::Reader;
using testing::Record;
using testing::Writer;

namespace {

config::Cluster cluster_at(const std::string& bootstrap, config::Properties properties) {
    return {.name = "main", .brokers = {bootstrap}, .properties = std::move(properties), .secrets = {}};
}

}  // namespace

RealKafka::RealKafka()
    : broker_({.sasl = true, .properties = {{"auto.create.topics.enable", "true"}}}),
      admin_(broker_.bootstrap()),
      cluster_(cluster_at(broker_.bootstrap(), {})),
      as_laterd_(cluster_at(broker_.sasl_bootstrap(), {{"security.protocol", "sasl_plaintext"},
                                                       {"sasl.mechanism", "PLAIN"},
                                                       {"sasl.username", "laterd"}})) {
    as_laterd_.secrets.emplace("sasl.password", config::Secret("secret"));
}

RealKafka& RealKafka::shared() {
    static RealKafka kafka;
    return kafka;
}

std::string RealKafka::topic(int partitions, const support::Properties& settings) {
    static int number = 0;
    const std::string name = "conformance-" + std::to_string(++number);
    admin_.create_topic(name, partitions, settings);
    return name;
}

void RealKafka::append(const std::string& topic, int count, std::int32_t partition) {
    Writer(Writer::Options{}, cluster_).fill(topic, partition, static_cast<std::size_t>(count));
}

std::unique_ptr<Reader> RealKafka::reader(const std::string& topic, const std::string& group,
                                          const std::string& instance) {
    Reader::Options options{.topics = {topic}, .group = group};
    options.instance = instance;
    options.properties = {{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "100"}};
    return std::make_unique<Reader>(options, cluster_);
}

std::string RealKafka::ends(const std::string& topic, std::int32_t partition) {
    const auto found = (*reader(topic))->log_ends({{topic, partition}}, k_patience);
    return found[0].known ? conformance::ends(found[0].low, found[0].high) : "unknown: " + found[0].error;
}

std::string RealKafka::read(const std::string& topic, core::Offset from, std::int32_t partition) {
    const auto reader = this->reader(topic);
    const core::Slot slot = reader->slot(topic, partition);
    reader->assign(slot, from);
    Reader::Seen& seen = reader->seen(slot);
    if (!reader->until([&] { return !seen.ends.empty() || !seen.errors.empty(); })) {
        return "nothing";
    }
    if (!seen.errors.empty()) {
        return seen.errors.front().out_of_range ? k_out_of_range : seen.errors.front().text;
    }
    return shown(reader->offsets(slot), seen.ends.front());
}

std::string RealKafka::produce(const std::string& topic, const std::vector<Record>& batch,
                               std::int32_t partition) {
    // Long enough to collect all of them in one request.
    Writer writer({.properties = {{"linger.ms", "200"}}}, cluster_);
    return produce(writer, topic, batch, partition);
}

std::string RealKafka::produce_as_laterd(const std::string& topic, const Record& record) {
    Writer writer(Writer::Options{}, as_laterd_);
    return produce(writer, topic, {record}, 0);
}

std::string RealKafka::produce(Writer& writer, const std::string& topic, const std::vector<Record>& batch,
                               std::int32_t partition) {
    std::size_t accepted = 0;
    for (const Record& record : batch) {
        const kafka::SendResult sent = writer.send(topic, partition, record);
        if (sent.kind == kafka::SendResult::Kind::refused) {
            return judged(sent.error);
        }
        ++accepted;
    }
    if (!writer.until_reported(accepted)) {
        return "no answer";
    }
    std::string all;
    for (const auto& [number, error] : writer.reports) {
        const std::string one = judged(error);
        if (all.empty()) {
            all = one;
        } else if (all.find(one) == std::string::npos) {
            all += " and " + one;
        }
    }
    return all;
}

std::unique_ptr<Reader> RealKafka::member(const std::string& topic, const std::string& group,
                                          const std::string& instance) {
    auto reader = this->reader(topic, group, instance);
    (*reader)->subscribe();
    if (!reader->until([&] { return reader->control.assigned.has_value(); })) {
        throw std::runtime_error("the group assigned nothing");
    }
    accept_assignment(*reader);
    return reader;
}

std::string commit(Reader& reader, const kafka::TopicPartition& place, core::Offset offset,
                   const std::string& metadata) {
    auto& answers = reader.control.answers;
    answers.clear();
    if (!reader->commit(1, {{reader->slot(place), offset, metadata}})) {
        return "refused";
    }
    if (!reader.until([&] { return !answers.empty(); })) {
        return "no answer";
    }
    return committed(answers.front().second.at(0).result);
}

std::string committed(Reader& reader, const kafka::TopicPartition& place) {
    const auto answer = reader->committed({place}, k_patience);
    return answer[0].known ? found(answer[0].offset, answer[0].metadata) : "unknown: " + answer[0].error;
}

void accept_assignment(Reader& reader) {
    std::vector<core::AssignEntry> entries;
    for (const kafka::AssignedPartition& partition : *reader.control.assigned) {
        entries.push_back({.slot = partition.slot, .offset = 0, .paused = false});
    }
    reader->assign(entries);
}

}  // namespace laterd::conformance
