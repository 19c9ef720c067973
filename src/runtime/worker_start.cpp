// From nothing to a member of the group, and back.
#include <algorithm>
#include <random>

#include "kafka/source_pattern.h"
#include "log/log.h"
#include "loop/clock.h"
#include "runtime/worker_loop.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_reach_again{1'000};
constexpr std::chrono::minutes k_say_again{10};
constexpr std::chrono::milliseconds k_close_timeout{1'500};

}  // namespace

void WorkerLoop::reach_cluster() {
    errands_->run([this]() -> loop::Errands::Then {
        const Reached found = reach(worker_.setup_.table, route_);
        return [this, found] { reached(found); };
    });
}

void WorkerLoop::reached(const Reached& reached) {
    if (!reached.ok) {
        // Another reason is news: the operator has mended one thing and meets the next.
        const std::string refusal =
            kafka::is_refusal(reached.trouble.kind) ? reached.trouble.what : std::string();
        const bool is_news = !said_unreachable_ || refusal != unreachable_for_;
        if (is_news || now_.steady - *said_unreachable_ >= k_say_again) {
            said_unreachable_ = now_.steady;
            unreachable_for_ = refusal;
            notices_.unreachable(source_cluster(), reached.error, reached.trouble);
        }
        reach_again_at_ = now_.steady + k_reach_again;
        return;
    }
    if (said_unreachable_) {
        log::info("cluster reachable", {{"route", route_.name}, {"cluster", route_.from.cluster}});
        said_unreachable_.reset();
    }
    for (const std::string& topic : reached.missing) {
        log::warn(
            "topic missing",
            {{"route", route_.name}, {"topic", topic}, {"hint", "waiting for it; laterd creates no topics"}});
    }
    try {
        join(reached);
    } catch (const std::exception& error) {
        die(error.what(), false);
    }
}

core::PipelineOptions WorkerLoop::pipeline_options(std::uint64_t hold_bytes, std::uint32_t open_max) const {
    const config::RoutingTable& table = worker_.setup_.table;
    core::PipelineOptions options;
    options.start = route_.from.start;
    options.out_of_range = route_.from.out_of_range;
    options.has_dead_letter = route_.dead_letter.has_value();
    options.sequenced = route_.handler.has_value();
    options.concurrency = route_.handler ? static_cast<std::uint32_t>(route_.handler->concurrency) : 0;
    options.retry = route_.retry.policy;
    options.guard = route_.dead_letter ? static_cast<std::uint32_t>(route_.dead_letter->guard) : 0;
    options.rule = core::fingerprint(route_.due);
    options.seed = std::random_device()();
    options.hold_bytes = hold_bytes;
    options.open_max = open_max;
    options.commit_interval = table.commit_interval;
    options.drain_timeout = table.drain_timeout;
    return options;
}

void WorkerLoop::join(const Reached& reached) {
    const config::RoutingTable& table = worker_.setup_.table;
    made_ = divide(worker_.setup_.share, reached.partitions);
    share_ = worker_.setup_.share;
    const Budget& budget = made_;

    const std::string instance = table.instance.empty() ? ""
                                                        : table.instance + "-" + route_.name + "-" +
                                                              std::to_string(worker_.setup_.number);
    config::From from = route_.from;
    for (const std::string& own : {route_.retry.topic, route_.wait_topic}) {
        if (!own.empty()) {
            from.topics.push_back(own);
        }
    }
    consumer_ = std::make_unique<kafka::Consumer>(
        kafka::ConsumerSettings{.cluster = table.cluster(route_.from.cluster),
                                .from = from,
                                .name = name_,
                                .instance = instance,
                                .prefetch_bytes = budget.prefetch_cap_bytes,
                                .unwanted = kafka::unwanted_topics(table, route_)});
    const auto on_trouble = [this](const config::Cluster& cluster, std::string_view text,
                                   kafka::ErrorCode code,
                                   bool fatal) { client_error(cluster, code, text, fatal); };
    sinks_ =
        std::make_unique<sink::Sinks>(sink::SinkSetup{.table = table,
                                                      .route = route_,
                                                      .name = name_,
                                                      .queue_bytes = budget.producer_bytes,
                                                      .poller = poller_,
                                                      .handler_times = worker_.setup_.counters.handler_times,
                                                      .on_trouble = on_trouble});
    pipeline_.emplace(pipeline_options(budget.hold_bytes, budget.open_max), worker_.setup_.counters);
    poller_.add(consumer_->control_fd(), [this] { control_ready_ = true; });
    // Level triggered: emptied in every turn by ready_slots().
    poller_.add(consumer_->data_fd(), [] {});
    consumer_->subscribe();
    topics_found(reached);
    // What passed until now was not a suspension.
    boot_time_ = loop::read_boot_time();
    log::info("worker started", {{"route", route_.name},
                                 {"worker", worker_.setup_.number},
                                 {"group", route_.from.group},
                                 {"partitions_known", reached.partitions},
                                 {"open_max", budget.open_max}});
}

void WorkerLoop::leave() {
    leaving_ = true;
    poller_.remove(consumer_->control_fd());
    poller_.remove(consumer_->data_fd());
    errands_->run([this]() -> loop::Errands::Then {
        consumer_->close(k_close_timeout);
        return [this] {
            worker_.left_.store(true, std::memory_order_release);
            worker_.setup_.state_changed.signal();
            end_ = renewing_ ? Worker::State::failed : Worker::State::ended;
        };
    });
}

// Drains, as at an orderly end, and lets another worker take this one's place.
void WorkerLoop::renew() {
    log::error("kafka client dead",
               {{"route", route_.name},
                {"worker", worker_.setup_.number},
                {"error", "librdkafka does not find a topic any more that was deleted and created anew"}});
    renewing_ = true;
    draining_ = true;
    pipeline_->drain(now_);
    busy_ = true;
}

void WorkerLoop::die(std::string_view text, bool fenced) {
    log::error("kafka client dead",
               {{"route", route_.name}, {"worker", worker_.setup_.number}, {"error", text}});
    // What was in flight comes again: nobody will hear of its outcome.
    if (pipeline_) {
        core::Counter& restarted =
            worker_.setup_.counters.duplicates[static_cast<std::size_t>(core::DuplicateCause::restarted)];
        restarted.add(pipeline_->in_flight());
    }
    end_ = fenced ? Worker::State::fenced : Worker::State::failed;
}

}  // namespace laterd::runtime
