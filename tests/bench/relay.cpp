// The yardstick: copies records from one topic to another at once, as fast as librdkafka goes, under the
// promises that laterd gives (acks=all, idempotence, headers copied, an offset committed only when what lies
// below it is acknowledged).
//
// Each thread is a consumer and a producer. What it reads within a second shares a `Stretch`; when all
// records of the oldest stretch are acknowledged its positions are committed, asynchronously.
#include "client.h"
#include "usage.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <exception>
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace laterd::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::string brokers;
    std::string from;
    std::string to;
    std::string group = "relay";
    unsigned threads = 1;
    std::uint64_t records = std::numeric_limits<std::uint64_t>::max();
    std::vector<std::string> consumer;
    std::vector<std::string> producer;
};

std::atomic<bool> stop_asked = false;
static_assert(std::atomic<bool>::is_always_lock_free, "written by a signal handler");

// The records of about a second: committed as one.
struct Stretch {
    std::vector<std::int64_t> positions;  // by partition; -1 where nothing was read
    std::uint64_t unacknowledged = 0;
};

struct Progress {
    std::atomic<std::uint64_t> relayed = 0;
    std::atomic<Clock::rep> first_read{0};
};

Settings consumer_settings(const Options& options) {
    // The fetch queue never fills, or 2.0.2 would restart it after up to a second; larger ones only miss the cache.
    Settings settings{{"bootstrap.servers", options.brokers}, {"group.id", options.group},
                      {"enable.auto.commit", "false"},        {"enable.auto.offset.store", "false"},
                      {"auto.offset.reset", "earliest"},      {"partition.assignment.strategy", "range"},
                      {"session.timeout.ms", "10000"},        {"fetch.wait.max.ms", "100"},
                      {"queued.min.messages", "10000000"},    {"queued.max.messages.kbytes", "131072"},
                      {"socket.nagle.disable", "true"}};
    append(settings, options.consumer);
    return settings;
}

// Batches of 2,000 were the fastest of 500, 2,000, 10,000 and 50,000, and a queue that stays in the cache is faster than
// one that takes everything.
Settings producer_settings(const Options& options) {
    Settings settings{{"bootstrap.servers", options.brokers},
                      {"enable.idempotence", "true"},
                      {"acks", "all"},
                      {"partitioner", "murmur2_random"},
                      {"linger.ms", "5"},
                      {"batch.num.messages", "2000"},
                      {"queue.buffering.max.messages", "40000"},
                      {"queue.buffering.max.kbytes", "2097151"},
                      {"socket.nagle.disable", "true"}};
    append(settings, options.producer);
    return settings;
}

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* record, void* /*opaque*/) {
    // Without an offset librdkafka only believes that the record was stored.
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR || record->offset < 0) {
        std::fprintf(stderr, "relay: delivery failed: %s\n", rd_kafka_err2str(record->err));
        std::_Exit(1);  // a measurement with losses is worth nothing
    }
    --static_cast<Stretch*>(record->_private)->unacknowledged;
}

class Pair {
  public:
    Pair(const Options& options, Progress& progress)
        : options_(options),
          progress_(progress),
          wakeup_(eventfd(0, EFD_NONBLOCK)),
          producer_(make_producer(producer_settings(options), on_delivered)),
          target_(open_topic(producer_.get(), options.to)),
          consumer_(make_consumer(consumer_settings(options))),
          records_(rd_kafka_queue_get_consumer(consumer_.get())),
          reports_(rd_kafka_queue_get_main(producer_.get())),
          partitions_(static_cast<std::size_t>(partition_count(producer_.get(), options.from))) {
        const std::uint64_t one = 1;
        rd_kafka_queue_io_event_enable(records_.get(), wakeup_, &one, sizeof one);
        rd_kafka_queue_io_event_enable(reports_.get(), wakeup_, &one, sizeof one);
        subscribe(consumer_.get(), options.from);
        open_stretch();
    }
    ~Pair() {
        rd_kafka_consumer_close(consumer_.get());
        records_.reset();
        reports_.reset();
        close(wakeup_);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    void run() {
        auto next_commit = Clock::now() + k_commit_interval;
        while (!stop_asked && progress_.relayed.load(std::memory_order_relaxed) < options_.records) {
            const std::size_t forwarded = forward_batch();
            const int reported = rd_kafka_poll(producer_.get(), 0);
            if (forwarded == 0 && reported == 0) {
                wait();
            }
            if (const auto now = Clock::now(); now >= next_commit) {
                next_commit = now + k_commit_interval;
                commit_acknowledged();
                open_stretch();
            }
        }
        check(rd_kafka_flush(producer_.get(), 60'000), "flush");
        open_stretch();
        commit_acknowledged();
    }

  private:
    static constexpr auto k_commit_interval = std::chrono::seconds(1);

    std::size_t forward_batch() {
        const ssize_t count = rd_kafka_consume_batch_queue(records_.get(), 0, batch_.data(), batch_.size());
        if (count <= 0) {
            return 0;
        }
        if (progress_.first_read.load(std::memory_order_relaxed) == 0) {
            progress_.first_read = Clock::now().time_since_epoch().count();
        }
        std::uint64_t forwarded = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (batch_[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                forward(*batch_[i]);
                ++forwarded;
            } else {
                std::fprintf(stderr, "relay: %s\n", rd_kafka_message_errstr(batch_[i]));
            }
            rd_kafka_message_destroy(batch_[i]);
        }
        progress_.relayed.fetch_add(forwarded, std::memory_order_relaxed);
        return forwarded;
    }

    void forward(rd_kafka_message_t& record) {
        Stretch& stretch = *stretches_.back();
        while (!produce(record, stretch)) {
            rd_kafka_poll(producer_.get(), 10);
        }
        ++stretch.unacknowledged;
        stretch.positions[static_cast<std::size_t>(record.partition)] = record.offset + 1;
    }

    // False when the producer's queue is full.
    bool produce(rd_kafka_message_t& record, Stretch& stretch) {
        rd_kafka_headers_t* headers = nullptr;
        // Moved from the record rather than copied; a second attempt finds them put back.
        if (rd_kafka_message_detach_headers(&record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return produce_with(headers, record, stretch);
        }
        // The older call is the cheaper one, and cannot carry headers.
        const int result = rd_kafka_produce(target_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                            record.payload, record.len, record.key, record.key_len, &stretch);
        return result == 0 || !is_full(rd_kafka_last_error());
    }

    bool produce_with(rd_kafka_headers_t* headers, rd_kafka_message_t& record, Stretch& stretch) {
        const rd_kafka_resp_err_t error = bench::produce(producer_.get(), {.topic = target_.get(),
                                                                           .key = record.key,
                                                                           .key_size = record.key_len,
                                                                           .value = record.payload,
                                                                           .value_size = record.len,
                                                                           .headers = headers,
                                                                           .opaque = &stretch});
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return true;
        }
        rd_kafka_message_set_headers(&record, headers);
        return !is_full(error);
    }

    static bool is_full(rd_kafka_resp_err_t error) {
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            return true;
        }
        throw std::runtime_error(std::string("produce: ") + rd_kafka_err2str(error));
    }

    void wait() {
        pollfd waiting{.fd = wakeup_, .events = POLLIN, .revents = 0};
        if (poll(&waiting, 1, 100) == 1) {
            eventfd_t woken = 0;
            eventfd_read(wakeup_, &woken);
        }
    }

    void open_stretch() {
        stretches_.push_back(
            std::make_unique<Stretch>(Stretch{.positions = std::vector<std::int64_t>(partitions_, -1)}));
    }

    void commit_acknowledged() {
        Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(partitions_)));
        while (!stretches_.empty() && stretches_.front()->unacknowledged == 0) {
            for (std::size_t partition = 0; partition < partitions_; ++partition) {
                add_position(offsets.get(), partition, stretches_.front()->positions[partition]);
            }
            stretches_.pop_front();
        }
        if (offsets->cnt > 0) {
            rd_kafka_commit(consumer_.get(), offsets.get(), 1);
        }
    }

    void add_position(rd_kafka_topic_partition_list_t* offsets, std::size_t partition,
                      std::int64_t position) {
        if (position < 0) {
            return;
        }
        const auto number = static_cast<std::int32_t>(partition);
        auto* entry = rd_kafka_topic_partition_list_find(offsets, options_.from.c_str(), number);
        if (entry == nullptr) {
            entry = rd_kafka_topic_partition_list_add(offsets, options_.from.c_str(), number);
        }
        entry->offset = position;
    }

    const Options& options_;
    Progress& progress_;
    int wakeup_;
    Client producer_;
    Topic target_;
    Client consumer_;
    Queue records_;
    Queue reports_;
    std::size_t partitions_;
    std::array<rd_kafka_message_t*, 1000> batch_{};
    std::deque<std::unique_ptr<Stretch>> stretches_;
};

void run(const Options& options) {
    Progress progress;
    std::vector<std::thread> threads;
    threads.reserve(options.threads);
    for (unsigned i = 0; i < options.threads; ++i) {
        threads.emplace_back([&] { Pair(options, progress).run(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const Clock::time_point first{Clock::duration{progress.first_read.load()}};
    const std::chrono::duration<double> elapsed = Clock::now() - first;
    nlohmann::json report = usage_of_self();
    report["records"] = progress.relayed.load();
    report["seconds"] = elapsed.count();
    std::puts(report.dump().c_str());
}

}  // namespace
}  // namespace laterd::bench

int main(int argc, char** argv) {
    using namespace laterd::bench;
    Options options;
    CLI::App app{"Copies records from one topic to another without any delay, as fast as librdkafka goes."};
    app.add_option("--brokers", options.brokers)->required();
    app.add_option("--from", options.from)->required();
    app.add_option("--to", options.to)->required();
    app.add_option("--group", options.group);
    app.add_option("--threads", options.threads, "consumer and producer pairs");
    app.add_option("--records", options.records, "stop after so many; without it at SIGTERM");
    app.add_option("--consumer", options.consumer, "NAME=VALUE, a librdkafka property");
    app.add_option("--producer", options.producer, "NAME=VALUE, a librdkafka property");
    CLI11_PARSE(app, argc, argv);

    std::signal(SIGTERM, [](int) { stop_asked = true; });
    try {
        run(options);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "relay: %s\n", problem.what());
        return 1;
    }
    return 0;
}
