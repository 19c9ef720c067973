#include "load.h"

#include "client.h"
#include "stamp.h"

#include <time.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace laterd::bench {
namespace {

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* record, void* /*opaque*/) {
    // Without an offset librdkafka only believes that the record was stored.
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR || record->offset < 0) {
        std::fprintf(stderr, "measure: delivery failed: %s\n", rd_kafka_err2str(record->err));
        std::_Exit(1);
    }
}

Settings settings_for(const LoadOptions& options) {
    return {{"bootstrap.servers", options.brokers}, {"acks", "all"},
            {"enable.idempotence", "true"},         {"linger.ms", options.rate > 0 ? "0" : "20"},
            {"socket.nagle.disable", "true"},       {"queue.buffering.max.messages", "1000000"}};
}

void sleep_until(std::int64_t wall_us) {
    const timespec until{.tv_sec = wall_us / 1'000'000, .tv_nsec = wall_us % 1'000'000 * 1000};
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
}

class Load {
  public:
    explicit Load(const LoadOptions& options)
        : options_(options),
          producer_(make_producer(settings_for(options), on_delivered)),
          topic_(open_topic(producer_.get(), options.topic)),
          partitions_(partition_count(producer_.get(), options.topic)),
          value_(options.size < sizeof(Stamp) ? sizeof(Stamp) : options.size) {
        // Bytes that do not compress into nothing, the same in every run.
        std::uint32_t state = 1;
        for (char& byte : value_) {
            state = state * 1'664'525U + 1'013'904'223U;
            byte = static_cast<char>(state >> 24U);
        }
    }

    nlohmann::json run() {
        const std::int64_t start = (wall_microseconds() / 1000 + 1) * 1000;
        for (std::int64_t i = 0; i < options_.records; ++i) {
            if (options_.rate > 0) {
                sleep_until(start + static_cast<std::int64_t>(static_cast<double>(i) * 1e6 / options_.rate));
            }
            send(i);
            if (options_.rate > 0 || i % 1000 == 0) {
                rd_kafka_poll(producer_.get(), 0);
            }
        }
        check(rd_kafka_flush(producer_.get(), 120'000), "flush");
        return {{"records", options_.records},
                {"start_us", start},
                {"seconds", static_cast<double>(wall_microseconds() - start) / 1e6}};
    }

  private:
    void send(std::int64_t sequence) {
        const std::int64_t now_us = wall_microseconds();
        const std::int64_t timestamp_ms = timestamp_of(sequence, now_us);
        const std::int64_t due_us =
            options_.delay_ms > 0 ? (timestamp_ms + options_.delay_ms) * 1000 : now_us;
        const Stamp stamp{.due_us = due_us, .sequence = sequence};
        std::memcpy(value_.data(), &stamp, sizeof stamp);
        const std::string key = std::to_string(sequence);
        const auto partition = static_cast<std::int32_t>(sequence % partitions_);
        rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
        while ((error = produce(key, partition, timestamp_ms)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(producer_.get(), 10);
        }
        check(error, "produce");
    }

    std::int64_t timestamp_of(std::int64_t sequence, std::int64_t now_us) const {
        if (!options_.timestamp_ms) {
            return now_us / 1000;
        }
        const std::int64_t place = options_.shuffled ? shuffle(sequence) : sequence;
        return *options_.timestamp_ms + options_.spread_ms * place / options_.records;
    }

    // One of [0, records), the same in every run.
    std::int64_t shuffle(std::int64_t sequence) const {
        std::uint64_t mixed = (static_cast<std::uint64_t>(sequence) + 1) * 0x9e37'79b9'7f4a'7c15U;
        mixed = (mixed ^ (mixed >> 32U)) * 0xd6e8'feb8'6659'fd93U;
        return static_cast<std::int64_t>((mixed >> 1U) % static_cast<std::uint64_t>(options_.records));
    }

    rd_kafka_resp_err_t produce(const std::string& key, std::int32_t partition, std::int64_t timestamp_ms) {
        rd_kafka_headers_t* headers = make_headers();
        const rd_kafka_resp_err_t error = bench::produce(producer_.get(), {.topic = topic_.get(),
                                                                           .partition = partition,
                                                                           .key = key.data(),
                                                                           .key_size = key.size(),
                                                                           .value = value_.data(),
                                                                           .value_size = value_.size(),
                                                                           .timestamp_ms = timestamp_ms,
                                                                           .headers = headers});
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR && headers != nullptr) {
            rd_kafka_headers_destroy(headers);
        }
        return error;
    }

    rd_kafka_headers_t* make_headers() const {
        if (options_.headers == 0) {
            return nullptr;
        }
        rd_kafka_headers_t* headers = rd_kafka_headers_new(static_cast<std::size_t>(options_.headers));
        for (int i = 0; i < options_.headers; ++i) {
            const std::string name = "header-" + std::to_string(i);
            rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), "0123456789abcdef",
                                16);
        }
        return headers;
    }

    const LoadOptions& options_;
    Client producer_;
    Topic topic_;
    std::int32_t partitions_;
    std::vector<char> value_;
};

}  // namespace

nlohmann::json produce_load(const LoadOptions& options) {
    return Load(options).run();
}

}  // namespace laterd::bench
