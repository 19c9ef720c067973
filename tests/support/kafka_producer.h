// Writes records exactly as a test says: partition, timestamp, null or empty key and value, any headers, transactions.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "support/kafka_client.h"
#include "support/kafka_record.h"

namespace laterd::support {

class TestProducer {
  public:
    // `properties` win over the harness's own, e.g. linger.ms to make large batches, or transactional.id.
    explicit TestProducer(const std::string& bootstrap, const Properties& properties = {});

    // Queues it; flush() tells whether it arrived.
    void send(const TestRecord& record);
    // Throws std::runtime_error when a record sent since the last flush was refused.
    void flush();
    // Both; returns the record's offset.
    std::int64_t deliver(const TestRecord& record);

    // With transactional.id. The first begin() also initialises.
    void begin();
    void commit();
    void abort();

  private:
    void learn(const std::string& topic);
    static void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);

    std::set<std::string> known_;
    std::string failure_;
    std::int64_t last_offset_ = -1;
    bool is_initialised_ = false;
    KafkaClient client_;
};

}  // namespace laterd::support
