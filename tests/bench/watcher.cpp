#include "watcher.h"

#include "client.h"
#include "usage.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace laterd::bench {
namespace {

constexpr std::int64_t k_end_of_log = -1;  // as a timestamp: "the offset after the last record"
constexpr auto k_interval = std::chrono::milliseconds(5);
constexpr std::int64_t k_curve_step_us = 100'000;

class Watcher {
  public:
    explicit Watcher(const WatcherOptions& options)
        : options_(options),
          client_(make_consumer({{"bootstrap.servers", options.brokers}, {"group.id", "watcher"}})),
          ends_(all_partitions(client_.get(), options.topic, k_end_of_log)),
          known_(static_cast<std::size_t>(ends_->cnt)) {}

    nlohmann::json run() {
        const std::int64_t give_up = wall_microseconds() + static_cast<std::int64_t>(options_.seconds * 1e6);
        nlohmann::json report;
        nlohmann::json curve = nlohmann::json::array();
        std::int64_t next_point = 0;
        for (;;) {
            const std::int64_t records = records_in_topic();
            const std::int64_t now = wall_microseconds();
            if (records > 0 && !report.contains("first")) {
                report["first"] = point(now, records);
            }
            if (records > 0 && now >= next_point) {
                curve.push_back({now, records});
                next_point = now + k_curve_step_us;
            }
            if (records >= options_.records || now >= give_up) {
                report["last"] = point(now, records);
                report["curve"] = curve;
                return report;
            }
            std::this_thread::sleep_for(k_interval);
        }
    }

  private:
    // A partition that does not answer (a new topic's leader may still be on its way) counts as it did
    // before.
    std::int64_t records_in_topic() {
        for (int i = 0; i < ends_->cnt; ++i) {
            ends_->elems[i].offset = k_end_of_log;
            ends_->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        if (rd_kafka_offsets_for_times(client_.get(), ends_.get(), 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            for (int i = 0; i < ends_->cnt; ++i) {
                if (ends_->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                    auto& known = known_[static_cast<std::size_t>(i)];
                    known = std::max(known, ends_->elems[i].offset);
                }
            }
        }
        return std::accumulate(known_.begin(), known_.end(), std::int64_t{0});
    }

    nlohmann::json point(std::int64_t now, std::int64_t records) const {
        nlohmann::json point{{"at_us", now}, {"records", records}};
        if (options_.process) {
            point["usage"] = usage_of(*options_.process);
        }
        return point;
    }

    const WatcherOptions& options_;
    Client client_;
    Partitions ends_;
    std::vector<std::int64_t> known_;
};

}  // namespace

nlohmann::json watch(const WatcherOptions& options) {
    return Watcher(options).run();
}

}  // namespace laterd::bench
