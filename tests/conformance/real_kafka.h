// The real broker's side: one private Apache Kafka with an authorizer, and laterd's own wrappers as its clients. It
// creates topics for whoever asks for them, as many do: laterd must not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/world.h"
#include "support/kafka_admin.h"
#include "support/kafka_broker.h"

namespace laterd::conformance {

class RealKafka {
  public:
    RealKafka();

    // The executable's one, started at the first call.
    static RealKafka& shared();

    support::KafkaAdmin& admin() { return admin_; }
    const config::Cluster& cluster() const { return cluster_; }
    // As the user "laterd", who may be forbidden something.
    const config::Cluster& as_laterd() const { return as_laterd_; }
    std::string bootstrap() const { return broker_.bootstrap(); }

    // A topic of its own; returns its name.
    std::string topic(int partitions = 1, const support::Properties& settings = {});
    void append(const std::string& topic, int count, std::int32_t partition = 0);
    std::string ends(const std::string& topic, std::int32_t partition = 0);
    // What a consumer is shown that is assigned at `from`, up to the first end.
    std::string read(const std::string& topic, core::Offset from, std::int32_t partition = 0);

    // Sends the records as one batch; what each was answered, told once when all agree.
    std::string produce(const std::string& topic, const std::vector<testing::Record>& batch,
                        std::int32_t partition = 0);
    std::string produce_as_laterd(const std::string& topic, const testing::Record& record);

    std::unique_ptr<testing::Reader> reader(const std::string& topic,
                                            const std::string& group = testing::fresh_group(),
                                            const std::string& instance = "");
    // A member of the group that has its assignment.
    std::unique_ptr<testing::Reader> member(const std::string& topic, const std::string& group,
                                            const std::string& instance = "");

  private:
    std::string produce(testing::Writer& writer, const std::string& topic,
                        const std::vector<testing::Record>& batch, std::int32_t partition);

    support::KafkaBroker broker_;
    support::KafkaAdmin admin_;
    config::Cluster cluster_;
    config::Cluster as_laterd_;
};

// Waits for the answer to the commit of one offset.
std::string commit(testing::Reader& reader, const kafka::TopicPartition& place, core::Offset offset,
                   const std::string& metadata = "");
std::string committed(testing::Reader& reader, const kafka::TopicPartition& place);

// Takes over what the group assigned, from offset 0.
void accept_assignment(testing::Reader& reader);

}  // namespace laterd::conformance
