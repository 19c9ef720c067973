#include "runtime/worker_loop.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "log/log.h"
#include "loop/clock.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_housekeeping{1'000};
constexpr std::chrono::seconds k_lag_interval{10};

// Smaller differences between the two clocks are slewing and scheduling.
constexpr std::chrono::milliseconds k_clock_step{200};

// Records read in one turn, so that outcomes, rebalances and releases are served in between.
constexpr std::size_t k_reads_per_turn = 16'384;
// What is worth giving back.
constexpr std::uint64_t k_burst_bytes = 8 << 20;

constexpr std::size_t k_reads_per_visit = 4'096;

std::chrono::milliseconds property(const config::Cluster& cluster, const config::From& from,
                                   const std::string& name, std::chrono::milliseconds otherwise) {
    for (const config::Properties* properties : {&from.properties, &cluster.properties}) {
        if (auto found = properties->find(name); found != properties->end()) {
            return std::chrono::milliseconds(std::atoll(found->second.c_str()));
        }
    }
    return otherwise;
}

// A worker that was away for this long may have lost its partitions: the group's clock runs from the last heartbeat,
// which may have been sent a whole interval before.
std::chrono::milliseconds session_left(const config::Cluster& cluster, const config::From& from) {
    const auto session = property(cluster, from, "session.timeout.ms", kafka::k_session_timeout);
    const auto heartbeat = property(cluster, from, "heartbeat.interval.ms", kafka::k_heartbeat_interval);
    return std::max(session - heartbeat, session / 3);
}

template <typename Time>
std::optional<Time> earlier(std::optional<Time> a, std::optional<Time> b) {
    return a && b ? std::min(*a, *b) : a ? a : b;
}

}  // namespace

WorkerLoop::WorkerLoop(Worker& worker)
    : worker_(worker),
      route_(worker.setup_.route),
      name_("laterd-" + route_.name + "-" + std::to_string(worker.setup_.number)),
      notices_(route_, worker.setup_.number),
      now_(loop::read_clocks()),
      boot_time_(loop::read_boot_time()),
      session_left_(session_left(worker.setup_.table.cluster(route_.from.cluster), route_.from)),
      intake_(route_),
      topics_(route_, worker.setup_.number, worker.setup_.counters) {
    errands_.emplace();
    poller_.add(errands_->fd(), [this] { errands_->collect(); });
    poller_.add(worker_.ordered_.fd(), [this] { worker_.ordered_.clear(); });
}

WorkerLoop::~WorkerLoop() {
    errands_.reset();
    sinks_.reset();
    consumer_.reset();
}

Worker::State WorkerLoop::run() {
    reach_cluster();
    while (!end_) {
        turn();
    }
    return *end_;
}

void WorkerLoop::turn() {
    std::optional<core::WallTime> wall;
    std::optional<core::SteadyTime> steady = now_.steady + k_housekeeping;
    if (reach_again_at_) {
        steady = earlier(steady, reach_again_at_);
    }
    if (pipeline_ && !leaving_) {
        wall = pipeline_->commands().wake_wall;
        steady = earlier(steady, pipeline_->commands().wake_steady);
        steady = earlier(steady, watch_.wake_at());
        steady = earlier(steady, sinks_->wake_at());
    }
    if (busy_) {
        steady = now_.steady;
    }
    busy_ = false;
    const loop::Poller::Woken woken = poller_.wait(wall, steady);
    read_time(woken.clock_stepped);
    take_order();
    if (end_) {
        return;
    }
    if (reach_again_at_ && *reach_again_at_ <= now_.steady) {
        reach_again_at_.reset();
        reach_cluster();
    }
    if (!pipeline_ || leaving_) {
        return;
    }
    take_share();
    pipeline_->commands().wake_wall.reset();
    pipeline_->commands().wake_steady.reset();
    if (std::exchange(control_ready_, false)) {
        consumer_->serve_control(*this);
    }
    sinks_->serve(now_, outcomes_);
    pipeline_->outcomes(now_, outcomes_);
    read_records();
    pipeline_->tick(now_);
    execute();
    kick_stalled();
    refresh_topics();
    if (now_.steady >= housekeeping_at_) {
        housekeeping_at_ = now_.steady + k_housekeeping;
        housekeep();
    }
}

void WorkerLoop::read_time(bool clock_stepped) {
    const core::Now before = std::exchange(now_, loop::read_clocks());
    const std::chrono::milliseconds boot_before = std::exchange(boot_time_, loop::read_boot_time());
    worker_.last_turn_ms_.store(boot_time_.count(), std::memory_order_relaxed);

    const auto steady_passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(now_.steady - before.steady);
    const std::chrono::milliseconds away = boot_time_ - boot_before;
    // The monotonic clock stands still while the machine is suspended; the wall clock does not.
    const std::chrono::milliseconds step = now_.wall - before.wall - std::max(away, steady_passed);
    if (std::chrono::abs(step) >= k_clock_step) {
        worker_.setup_.counters.clock_step_ms.add(static_cast<std::uint64_t>(std::chrono::abs(step).count()));
        notices_.clock_stepped(step, now_);
        clock_stepped = true;
    }
    if (!pipeline_) {
        return;
    }
    if (clock_stepped) {
        pipeline_->clock_stepped(now_);
    }
    if (away >= session_left_) {
        pipeline_->suspended(now_);
    }
}

void WorkerLoop::take_order() {
    const Worker::Order order = worker_.order_.load();
    if (order == Worker::Order::run || (order == Worker::Order::drain && draining_)) {
        return;
    }
    if (order == Worker::Order::stop || !pipeline_) {
        end_ = Worker::State::ended;
        return;
    }
    draining_ = true;
    pipeline_->drain(now_);
}

void WorkerLoop::take_share() {
    const std::uint64_t share = worker_.share_.load();
    if (share == share_) {
        return;
    }
    share_ = share;
    const Budget budget = redivide(made_, share);
    pipeline_->resize(now_, budget.hold_bytes, budget.open_max);
    // What the hold was too full for may be read now.
    consumer_->wake_all_slots();
    log::debug("share of the memory changed", {{"route", route_.name},
                                               {"worker", worker_.setup_.number},
                                               {"bytes", share},
                                               {"open_max", budget.open_max}});
}

void WorkerLoop::read_records() {
    const std::span<const core::Slot> ready = consumer_->ready_slots();
    ready_.assign(ready.begin(), ready.end());
    std::size_t left = k_reads_per_turn;
    for (const core::Slot slot : ready_) {
        if (left == 0) {
            busy_ = true;
            return;
        }
        const std::size_t most = std::min(left, k_reads_per_visit);
        const std::size_t count = read_slot(slot, most);
        left -= count;
        busy_ = busy_ || count == most;
    }
}

std::size_t WorkerLoop::read_slot(core::Slot slot, std::size_t most) {
    std::size_t count = 0;
    while (count < most) {
        const std::size_t allowed = std::min(pipeline_->allowance(now_, slot), most - count);
        if (allowed == 0) {
            break;
        }
        const kafka::ReadResult result = consumer_->read(
            slot, allowed,
            [this, slot](const kafka::MessageView& message) { fetched_.push_back(admit(slot, message)); });
        count += result.records;
        pipeline_->fetched(now_, slot, fetched_);
        if (result.end) {
            pipeline_->end_reached(now_, slot, pipeline_->epoch(slot), *result.end);
        }
        if (result.records > 0 || result.end) {
            watch_.heard(slot);
        }
        for (const kafka::ReadError& error : result.errors) {
            read_failed(slot, error);
        }
        if (result.emptied) {
            expect_more(slot, result.end.has_value());
            break;
        }
    }
    return count;
}

core::RecordPtr WorkerLoop::admit(core::Slot slot, const kafka::MessageView& message) {
    std::unique_ptr<sink::StoredRecord> record = intake_.take(message, consumer_->place(slot), now_.wall);
    record->slot = slot;
    record->epoch = pipeline_->epoch(slot);
    record->alone = record->fate == core::Fate::deliver && sinks_->is_oversize(*record);
    return record;
}

void WorkerLoop::read_failed(core::Slot slot, const kafka::ReadError& error) {
    if (error.out_of_range) {
        pipeline_->out_of_range(now_, slot, pipeline_->epoch(slot));
        watch_.heard(slot);
    } else {
        notices_.trouble(source_cluster(), error.code, error.text, now_);
    }
}

// The queue is empty. When the broker has more, librdkafka may have fallen asleep over a full queue.
void WorkerLoop::expect_more(core::Slot slot, bool at_end) {
    const std::optional<core::Offset> position = pipeline_->open_position(slot);
    const std::optional<core::Offset> end = at_end ? std::nullopt : consumer_->cached_end(slot);
    if (position && end && *end > *position) {
        watch_.expect(slot, now_.steady);
    }
}

void WorkerLoop::housekeep() {
    control_ready_ = true;
    consumer_->wake_all_slots();
    pipeline_->measure(now_);
    show();
    give_memory_back();
    look_for_lost_topics();
    if (now_.steady >= topics_.again_at()) {
        read_topics();
    }
    if (now_.steady >= lag_at_) {
        lag_at_ = now_.steady + k_lag_interval;
        measure_lag();
        count_laps();
    }
}

// malloc keeps what a burst needed; once it is over, the machine may have it back.
void WorkerLoop::give_memory_back() {
    most_bytes_ = std::max(most_bytes_, pipeline_->bytes());
    if (most_bytes_ > k_burst_bytes && pipeline_->bytes() < k_burst_bytes / 8) {
        most_bytes_ = 0;
        malloc_trim(0);
    }
}

}  // namespace laterd::runtime
