// What a user would write in an afternoon to delay records: poll; when a record is not yet due, pause its
// partition, seek back to it, and resume when it is due; otherwise produce it and store its offset. Library
// defaults apart from the same promises as laterd's. It is here to be compared with, so its weaknesses stay.
#include "client.h"
#include "usage.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <thread>
#include <vector>

namespace laterd::bench {
namespace {

struct Options {
    std::string brokers;
    std::string from;
    std::string to;
    std::string group = "naive";
    unsigned threads = 1;
    std::int64_t delay_ms = 0;
};

std::atomic<bool> stop_asked = false;
static_assert(std::atomic<bool>::is_always_lock_free, "written by a signal handler");

std::atomic<std::uint64_t> forwarded_total = 0;

std::int64_t wall_milliseconds() {
    return wall_microseconds() / 1000;
}

Settings consumer_settings(const Options& options) {
    return {{"bootstrap.servers", options.brokers},
            {"group.id", options.group},
            {"enable.auto.commit", "false"},
            {"enable.auto.offset.store", "false"},
            {"auto.offset.reset", "earliest"}};
}

Settings producer_settings(const Options& options) {
    return {{"bootstrap.servers", options.brokers},
            {"enable.idempotence", "true"},
            {"acks", "all"},
            {"partitioner", "murmur2_random"}};
}

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* record, void* /*opaque*/) {
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        std::fprintf(stderr, "naive: delivery failed: %s\n", rd_kafka_err2str(record->err));
        std::_Exit(1);
    }
}

class Delayer {
  public:
    explicit Delayer(const Options& options)
        : options_(options),
          producer_(make_producer(producer_settings(options), on_delivered)),
          target_(open_topic(producer_.get(), options.to)),
          consumer_(make_consumer(consumer_settings(options))) {
        subscribe(consumer_.get(), options.from);
    }
    ~Delayer() { rd_kafka_consumer_close(consumer_.get()); }
    Delayer(const Delayer&) = delete;
    Delayer& operator=(const Delayer&) = delete;

    void run() {
        std::int64_t next_commit = wall_milliseconds() + 1000;
        while (!stop_asked) {
            resume_due();
            if (rd_kafka_message_t* record = rd_kafka_consumer_poll(consumer_.get(), poll_timeout_ms())) {
                take(*record);
                rd_kafka_message_destroy(record);
            }
            rd_kafka_poll(producer_.get(), 0);
            if (wall_milliseconds() >= next_commit) {
                commit();
                next_commit = wall_milliseconds() + 1000;
            }
        }
        commit();
    }

  private:
    void take(const rd_kafka_message_t& record) {
        if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            std::fprintf(stderr, "naive: %s\n", rd_kafka_message_errstr(&record));
            return;
        }
        rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        const std::int64_t due = rd_kafka_message_timestamp(&record, &type) + options_.delay_ms;
        if (due > wall_milliseconds()) {
            wait_until(due, record);
        } else {
            forward(record);
        }
    }

    void forward(const rd_kafka_message_t& record) {
        rd_kafka_headers_t* headers = nullptr;
        if (rd_kafka_message_headers(&record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            headers = rd_kafka_headers_copy(headers);
        }
        rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
        while ((error = produce(producer_.get(), {.topic = target_.get(),
                                                  .key = record.key,
                                                  .key_size = record.key_len,
                                                  .value = record.payload,
                                                  .value_size = record.len,
                                                  .headers = headers})) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(producer_.get(), 10);
        }
        check(error, "produce");
        positions_[record.partition] = record.offset + 1;
        ++forwarded_total;
    }

    void wait_until(std::int64_t due, const rd_kafka_message_t& record) {
        const Partitions one = partition(record.partition);
        check(rd_kafka_pause_partitions(consumer_.get(), one.get()), "pause");
        one->elems[0].offset = record.offset;
        if (rd_kafka_error_t* error = rd_kafka_seek_partitions(consumer_.get(), one.get(), 5000)) {
            std::fprintf(stderr, "naive: seek: %s\n", rd_kafka_error_string(error));
            rd_kafka_error_destroy(error);
        }
        waiting_[record.partition] = due;
    }

    void resume_due() {
        const std::int64_t now = wall_milliseconds();
        for (auto entry = waiting_.begin(); entry != waiting_.end();) {
            if (entry->second > now) {
                ++entry;
                continue;
            }
            check(rd_kafka_resume_partitions(consumer_.get(), partition(entry->first).get()), "resume");
            entry = waiting_.erase(entry);
        }
    }

    int poll_timeout_ms() const {
        std::int64_t timeout = 100;
        for (const auto& [partition, due] : waiting_) {
            timeout = std::clamp<std::int64_t>(due - wall_milliseconds(), 0, timeout);
        }
        return static_cast<int>(timeout);
    }

    void commit() {
        check(rd_kafka_flush(producer_.get(), 60'000), "flush");
        if (positions_.empty()) {
            return;
        }
        Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(positions_.size())));
        for (const auto& [number, position] : positions_) {
            rd_kafka_topic_partition_list_add(offsets.get(), options_.from.c_str(), number)->offset =
                position;
        }
        rd_kafka_commit(consumer_.get(), offsets.get(), 1);
        positions_.clear();
    }

    Partitions partition(std::int32_t number) const {
        Partitions list(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(list.get(), options_.from.c_str(), number);
        return list;
    }

    const Options& options_;
    Client producer_;
    Topic target_;
    Client consumer_;
    std::map<std::int32_t, std::int64_t> waiting_;    // paused partitions: due time of their head
    std::map<std::int32_t, std::int64_t> positions_;  // not yet committed
};

void run(const Options& options) {
    std::vector<std::thread> threads;
    threads.reserve(options.threads);
    for (unsigned i = 0; i < options.threads; ++i) {
        threads.emplace_back([&] { Delayer(options).run(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    nlohmann::json report = usage_of_self();
    report["records"] = forwarded_total.load();
    std::puts(report.dump().c_str());
}

}  // namespace
}  // namespace laterd::bench

int main(int argc, char** argv) {
    using namespace laterd::bench;
    Options options;
    CLI::App app{"Delays records by pausing, seeking back and resuming: the obvious way."};
    app.add_option("--brokers", options.brokers)->required();
    app.add_option("--from", options.from)->required();
    app.add_option("--to", options.to)->required();
    app.add_option("--group", options.group);
    app.add_option("--threads", options.threads, "consumers and producers");
    app.add_option("--delay-ms", options.delay_ms, "after the record's timestamp");
    CLI11_PARSE(app, argc, argv);

    std::signal(SIGTERM, [](int) { stop_asked = true; });
    try {
        run(options);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "naive: %s\n", problem.what());
        return 1;
    }
    return 0;
}
