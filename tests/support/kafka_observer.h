// An independent consumer that sees everything that arrives in some topics, and when. It belongs to no group, so
// nothing that happens to laterd's groups disturbs it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/kafka_client.h"
#include "support/kafka_record.h"

namespace laterd::support {

class Observer {
  public:
    // Looks at all partitions that the topics have now, from their beginning. `properties` win, e.g. isolation.level,
    // which is read_committed otherwise.
    Observer(const std::string& bootstrap, const std::vector<std::string>& topics,
             const Properties& properties = {});
    ~Observer();
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    // In the order of arrival.
    std::vector<TestRecord> records() const;
    std::vector<TestRecord> records(const std::string& topic) const;
    std::size_t count() const;
    std::size_t distinct() const;  // by TestRecord::id()

    bool await_count(std::size_t count, std::chrono::milliseconds within) const;
    bool await_distinct(std::size_t count, std::chrono::milliseconds within) const;

  private:
    void assign(const std::vector<std::string>& topics);
    int partitions_of(const std::string& topic);  // 0 when it is not known
    void watch();
    void keep(const rd_kafka_message_t& message);

    KafkaClient client_;
    mutable std::mutex mutex_;
    std::vector<TestRecord> records_;
    std::set<std::string> ids_;
    std::atomic<bool> is_ending_{false};
    std::thread thread_;
};

}  // namespace laterd::support
