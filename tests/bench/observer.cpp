#include "observer.h"

#include "client.h"
#include "stamp.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace laterd::bench {
namespace {

std::atomic<bool> stop_asked = false;
static_assert(std::atomic<bool>::is_always_lock_free, "written by a signal handler");

class Observer {
  public:
    explicit Observer(const ObserverOptions& options)
        : options_(options),
          consumer_(make_consumer({{"bootstrap.servers", options.brokers},
                                   {"group.id", "observer"},
                                   {"enable.auto.commit", "false"},
                                   {"auto.offset.reset", "earliest"},
                                   {"socket.nagle.disable", "true"}})) {
        const Partitions all = all_partitions(consumer_.get(), options.topic, RD_KAFKA_OFFSET_BEGINNING);
        check(rd_kafka_assign(consumer_.get(), all.get()), "assign");
    }
    ~Observer() { rd_kafka_consumer_close(consumer_.get()); }
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;

    nlohmann::json run() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options_.seconds);
        while (!stop_asked && distinct_ < options_.records && std::chrono::steady_clock::now() < end) {
            rd_kafka_message_t* record = rd_kafka_consumer_poll(consumer_.get(), 100);
            if (record == nullptr) {
                continue;
            }
            note(*record, wall_microseconds());
            rd_kafka_message_destroy(record);
        }
        save();
        return {{"records", distinct_}, {"duplicates", duplicates_}, {"early", early_}};
    }

  private:
    void note(const rd_kafka_message_t& record, std::int64_t arrival_us) {
        if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            std::fprintf(stderr, "observer: %s\n", rd_kafka_message_errstr(&record));
            return;
        }
        const std::optional<Stamp> stamp = read_stamp(record.payload, record.len);
        if (!stamp) {
            throw std::runtime_error("a record without a stamp in " + options_.topic);
        }
        rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        const std::int64_t copied_us = rd_kafka_message_timestamp(&record, &type) * 1000;
        // Undelayed records are stamped with microseconds, Kafka's timestamp has milliseconds.
        if (arrival_us < stamp->due_us || copied_us < stamp->due_us / 1000 * 1000) {
            ++early_;
        }
        count(static_cast<std::size_t>(stamp->sequence));
        arrivals_.push_back(arrival_us);
        arrivals_.push_back(stamp->due_us);
    }

    void count(std::size_t sequence) {
        if (sequence >= seen_.size()) {
            seen_.resize(sequence + 1);
        }
        if (seen_[sequence]) {
            ++duplicates_;
        } else {
            seen_[sequence] = true;
            ++distinct_;
        }
    }

    void save() const {
        if (options_.samples.empty()) {
            return;
        }
        std::ofstream file(options_.samples, std::ios::binary);
        file.write(reinterpret_cast<const char*>(arrivals_.data()),
                   static_cast<std::streamsize>(arrivals_.size() * sizeof arrivals_[0]));
        if (!file.flush()) {
            throw std::runtime_error("cannot write " + options_.samples);
        }
    }

    const ObserverOptions& options_;
    Client consumer_;
    std::vector<bool> seen_;
    std::vector<std::int64_t> arrivals_;
    std::int64_t distinct_ = 0;
    std::int64_t duplicates_ = 0;
    std::int64_t early_ = 0;
};

}  // namespace

nlohmann::json observe(const ObserverOptions& options) {
    return Observer(options).run();
}

void stop_observing() noexcept {
    stop_asked = true;
}

}  // namespace laterd::bench
