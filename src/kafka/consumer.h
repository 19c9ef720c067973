// One member of a route's group. Control (assignments, commit answers, errors, logs) comes through one queue,
// records through one queue per partition.
//
// One thread, the worker's, owns it; only the calls under "blocking" may be made from another thread at the
// same time. Nothing here calls back from librdkafka's threads.
#pragma once

#include "core/commands.h"
#include "core/pipeline.h"
#include "kafka/errors.h"
#include "kafka/log_ends.h"
#include "kafka/lost_topics.h"
#include "kafka/message.h"
#include "kafka/properties.h"
#include "kafka/topic_partition.h"
#include "loop/fd.h"
#include "loop/wakeup.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_op_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_partition_list_s;

namespace laterd::kafka {

struct AssignedPartition {
    core::Slot slot;
    std::string topic;
    std::int32_t partition;
};

struct CommitWish {
    core::Slot slot;
    core::Offset offset;
    std::string metadata;  // UTF-8, at most 4096 characters with a broker's defaults
};

struct CommitResult {
    core::Slot slot;
    core::Offset offset;
    core::CommitAnswer::Result result;
    std::string error;  // empty when ok
};

// What was committed for a partition. `known` false: no answer in time or an error, which never means "none".
struct CommittedOffset {
    bool known = false;
    std::optional<core::Offset> offset;
    std::string metadata;
    std::string error;  // why it is not known
};

// A partition's error among its records.
struct ReadError {
    ErrorCode code;
    bool out_of_range;  // the position lies outside of the log; the partition is dead until it is assigned
                        // anew
    core::Offset offset;
    std::string text;
};

struct ReadResult {
    std::size_t records = 0;
    bool emptied = false;             // nothing is left in the queue; the next record announces itself
    std::optional<core::Offset> end;  // the partition's end, when it was reached and nothing came after it
    std::vector<ReadError> errors;
};

class Consumer {
  public:
    // What serve_control reports. None may throw.
    class Listener {
      public:
        virtual ~Listener() = default;
        // Answer with assign(), at once or later; the group waits for it (at most max.poll.interval.ms).
        virtual void on_assign(const std::vector<AssignedPartition>& partitions) = 0;
        // Answer with unassign(). `lost`: the partitions may be somebody else's already, nothing may be
        // committed.
        virtual void on_revoke(bool lost) = 0;
        virtual void on_commit_answer(std::uint64_t id, const std::vector<CommitResult>& results) = 0;
        // `fatal`: the client is dead and has to be replaced. Others are for information: librdkafka tries
        // on.
        virtual void on_error(ErrorCode code, std::string_view text, bool fatal) = 0;
        virtual void on_log(int syslog_level, std::string_view text) = 0;
    };

    // Connects in the background. Throws std::runtime_error for a property that librdkafka refuses.
    explicit Consumer(const ConsumerSettings& settings);
    // Without close() before, the group is not left: it notices at the end of the session.
    ~Consumer();
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    // Joins the group for `from.topics`. Throws std::runtime_error for a bad regex.
    void subscribe();

    // --- slots: a topic-partition keeps its slot for the consumer's life ---
    core::Slot slot(const TopicPartition& place);
    const TopicPartition& place(core::Slot slot) const { return partitions_.at(slot).place; }
    std::size_t slot_count() const noexcept { return partitions_.size(); }

    // --- control ---
    int control_fd() const noexcept { return control_signal_.fd(); }
    // Call it when control_fd() is readable and at least every few seconds: it is also the sign of life that
    // max.poll.interval.ms watches.
    void serve_control(Listener& listener);
    std::string member_id() const;  // empty before the first join

    // The group's subscription is held against all topics that there are now, not only at the next refresh of the metadata
    // (30 s). Blocks.
    void look_for_topics(std::chrono::milliseconds timeout) const;

    // --- records ---
    int data_fd() const noexcept { return ready_pipe_read_.get(); }
    // Slots that may have something to read, until a read() empties them. Call it when data_fd() is readable
    // and in every turn. Paused ones are emptied here and not named. The span holds while only
    // read() is called.
    std::span<const core::Slot> ready_slots();
    // Declares every assigned slot ready: the net below the events.
    void wake_all_slots();

    using Sink = std::function<void(const MessageView&)>;
    // Shows at most `max` records to `sink`, in order. Never waits.
    ReadResult read(core::Slot slot, std::size_t max, const Sink& sink);

    // --- what is read ---
    // Replaces the assignment: exactly these partitions, from these offsets. Throws nothing; false: refused,
    // and said through on_error at the next serve_control.
    bool assign(std::span<const core::AssignEntry> entries);
    void unassign();
    void pause(std::span<const core::Slot> slots);
    void resume(std::span<const core::ResumeEntry> entries);
    bool is_paused(core::Slot slot) const { return partitions_.at(slot).paused; }

    // Sent at once, answered through on_commit_answer with the same id. False: refused, there will be no
    // answer.
    bool commit(std::uint64_t id, const std::vector<CommitWish>& wishes);

    // The end of the log as the last fetch told it; nullopt when there was none. Stale while paused.
    std::optional<core::Offset> cached_end(core::Slot slot) const;

    // --- blocking: from the errand thread, while the consumer lives ---
    std::vector<CommittedOffset> committed(const std::vector<TopicPartition>& places,
                                           std::chrono::milliseconds timeout) const;
    std::vector<LogEnds> log_ends(const std::vector<TopicPartition>& places,
                                  std::chrono::milliseconds timeout) const;
    // Whether the client has lost topics that are there, and so has to be replaced (see lost_topics.h).
    Search search(const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout,
                  const std::function<bool()>& is_over) const;
    // nullopt: not known (no answer, no such topic, not authorised).
    std::optional<std::int32_t> partition_count(const std::string& topic,
                                                std::chrono::milliseconds timeout) const;
    // Wakes the connection that fetches this partition: after a resume or a full queue it may sleep for a
    // second.
    void kick(const TopicPartition& place, std::chrono::milliseconds timeout) const;
    // Leaves the group (a static member does not) and ends the client; unassigns by itself. False: it took
    // too long and was given up. No other call is made during or after it.
    bool close(std::chrono::milliseconds timeout);

  private:
    struct Partition {
        TopicPartition place;
        rd_kafka_queue_s* queue = nullptr;
        bool assigned = false;
        bool paused = false;
        bool ready = false;   // its queue may have something
        bool listed = false;  // in ready_
    };
    struct RefusedCall {
        ErrorCode code;
        std::string text;
    };

    void split(core::Slot slot);
    void drop_queues() noexcept;
    void empty(Partition& partition);
    void mark_ready(core::Slot slot);
    void take_ready_from_pipe();
    void handle(Listener& listener, rd_kafka_op_s* event);
    void handle_rebalance(Listener& listener, rd_kafka_op_s* event);
    void handle_commit(Listener& listener, rd_kafka_op_s* event);
    void refuse(ErrorCode code, const char* what);

    std::vector<std::string> topics_;
    std::deque<Partition> partitions_;  // by slot
    std::map<TopicPartition, core::Slot> slots_;
    std::vector<core::Slot> ready_;
    std::vector<RefusedCall> refused_;
    loop::Wakeup control_signal_;
    loop::Fd ready_pipe_read_;
    loop::Fd ready_pipe_write_;
    rd_kafka_s* client_ = nullptr;
    rd_kafka_queue_s* control_ = nullptr;
    std::optional<LostTopics> lost_topics_;
};

}  // namespace laterd::kafka
