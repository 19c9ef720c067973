// The shell around one worker's core: waits, reads clocks, feeds events to the pipeline and executes its commands. Runs
// on the worker's thread; the calls that may block are errands.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pipeline.h"
#include "kafka/consumer.h"
#include "loop/errands.h"
#include "loop/poller.h"
#include "runtime/budget.h"
#include "runtime/fetch_watch.h"
#include "runtime/intake.h"
#include "runtime/notice_log.h"
#include "runtime/reach.h"
#include "runtime/topic_watch.h"
#include "runtime/worker.h"
#include "sink/sinks.h"

namespace laterd::runtime {

class WorkerLoop final : private kafka::Consumer::Listener {
  public:
    explicit WorkerLoop(Worker& worker);
    ~WorkerLoop() override;

    // Until the worker is drained, stopped or dead.
    Worker::State run();

  private:
    // worker_loop.cpp: the turn
    void turn();
    void read_time(bool clock_stepped);
    void take_order();
    void take_share();
    void read_records();
    std::size_t read_slot(core::Slot slot, std::size_t most);
    core::RecordPtr admit(core::Slot slot, const kafka::MessageView& message);
    void read_failed(core::Slot slot, const kafka::ReadError& error);
    void expect_more(core::Slot slot, bool at_end);
    void housekeep();
    void give_memory_back();

    // worker_start.cpp: from nothing to a member of the group, and back
    void reach_cluster();
    void reached(const Reached& reached);
    void join(const Reached& reached);
    core::PipelineOptions pipeline_options(std::uint64_t hold_bytes, std::uint32_t open_max) const;

    // worker_commands.cpp: what the core asked for
    void execute();
    void commit(const core::CommitRequest& request);
    void look_up(const std::vector<core::Slot>& slots);
    void measure_lag();
    // Something asked of the cluster about a partition; the assignment may be over when the answer comes.
    struct Question {
        core::Slot slot;
        core::Epoch epoch;
        kafka::TopicPartition place;
    };
    static std::vector<core::Position> find_positions(const kafka::Consumer& consumer,
                                                      const std::vector<Question>& questions);
    void take_lag(const std::vector<Question>& questions, const std::vector<kafka::LogEnds>& ends);
    void show();
    void kick_stalled();
    void look_for_lost_topics();
    void refresh_topics();
    void count_laps();
    void read_topics();
    void topics_found(const Reached& reached);

    // kafka::Consumer::Listener
    void on_assign(const std::vector<kafka::AssignedPartition>& partitions) override;
    void on_revoke(bool lost) override;
    void on_commit_answer(std::uint64_t id, const std::vector<kafka::CommitResult>& results) override;
    void on_error(kafka::ErrorCode code, std::string_view text, bool fatal) override;
    void on_log(int syslog_level, std::string_view text) override;

    void client_error(const config::Cluster& cluster, kafka::ErrorCode code, std::string_view text,
                      bool fatal);
    const config::Cluster& source_cluster() const;
    void die(std::string_view text, bool fenced);
    void leave();
    void renew();

    Worker& worker_;
    const config::Route& route_;
    const std::string name_;  // of its clients
    NoticeLog notices_;
    loop::Poller poller_;
    core::Now now_{};
    std::chrono::milliseconds boot_time_{0};
    const std::chrono::milliseconds
        session_left_;  // of the session when the last heartbeat is as old as it may be
    core::SteadyTime housekeeping_at_{};
    core::SteadyTime lag_at_{};

    std::optional<core::Pipeline> pipeline_;
    Budget made_{};            // what the clients were made with
    std::uint64_t share_ = 0;  // that the pipeline keeps to
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<sink::Sinks> sinks_;
    Intake intake_;
    TopicWatch topics_;
    FetchWatch watch_;

    std::map<core::Slot, std::uint64_t> lag_;  // of this assignment, when it was last asked for
    std::uint64_t most_bytes_ = 0;
    bool control_ready_ = false;
    bool busy_ = false;  // something is left to do without waiting
    bool draining_ = false;
    bool renewing_ = false;  // draining for another worker's sake
    bool leaving_ = false;
    bool refreshing_ = false;
    bool measuring_lag_ = false;
    bool reading_topics_ = false;
    bool searching_ = false;
    int lost_searches_ = 0;  // in a row
    core::SteadyTime search_at_{};
    std::vector<kafka::TopicPartition> read_places_;  // one of each topic that is read
    std::optional<core::SteadyTime> reach_again_at_;
    std::optional<core::SteadyTime> said_unreachable_;
    std::string unreachable_for_;
    std::optional<Worker::State> end_;

    std::vector<core::Slot> ready_;
    std::vector<core::RecordPtr> fetched_;
    std::vector<core::Outcome> outcomes_;
    std::vector<core::CommitEntry> committing_;

    // Last: its thread is gone before anything that it uses.
    std::optional<loop::Errands> errands_;
};

}  // namespace laterd::runtime
