// A pipeline with the smallest possible world around it: logs with records, a client that assigns, pauses and reads
// them, a sink and a group that answer at once or as a test says, and two clocks that move when told.
//
// In every turn it checks what must always hold: nothing is released before it is due, nothing is committed that has
// not settled, and the pipeline does not ask for turn after turn without anything to do.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/pipeline.h"

namespace laterd::tests {

using namespace core;  // NOLINT: tests of the core only

struct Release {
    Slot slot;
    Offset offset;
    WallTime at;
    Purpose purpose;
    DeadLetterForm form;
    Reason reason;
    bool alone;
    std::uint32_t attempts = 0;  // made before
    WallTime copy_due{};
    std::int32_t lap = 0;
};

class PipelineWorld {
  public:
    explicit PipelineWorld(PipelineOptions options = {}, Slot partitions = 1);
    ~PipelineWorld();
    PipelineWorld(const PipelineWorld&) = delete;
    PipelineWorld& operator=(const PipelineWorld&) = delete;

    // --- what lies in Kafka ---

    struct Entry {
        Milliseconds due{0};  // from the start of the world
        std::uint32_t bytes = 1'000;
        Fate fate = Fate::deliver;
        Reason reason = Reason::none;
        std::uint64_t sequence = 0;
        std::uint32_t attempts = 0;
        std::optional<Milliseconds> lap_end{};  // from the start of the world
    };
    // Appends a record and returns its offset.
    Offset produce(Slot slot, const Entry& entry);
    // So many control records, or others that nobody gets to see.
    void produce_invisible(Slot slot, Offset count);

    struct Log {
        std::map<Offset, Entry> records;
        Offset low = 0;
        Offset high = 0;
        std::optional<Offset> committed = 0;
        std::string note;  // of the commit
        std::set<Offset> settled;
    };
    std::vector<Log> logs;  // by slot

    // Of the slots, for `assign`; what is missing is a source in partition order.
    std::vector<Role> roles;
    std::vector<Order> orders;

    // --- how the world behaves ---

    enum class Answers : std::uint8_t { at_once, unknown, never };
    Answers look_ups = Answers::at_once;
    std::optional<CommitAnswer::Result> commits = CommitAnswer::Result::ok;  // nullopt: no answer
    std::optional<Outcome::Result> sink = Outcome::Result::delivered;        // nullopt: no answer
    // When set, decides instead of `sink`.
    std::function<Outcome::Result(const Record&)> judge;
    Reason sink_reason = Reason::refused_by_broker;
    std::optional<Milliseconds> retry_after;  // what a failing handler asks for

    // --- what happens ---

    void assign();  // all partitions
    void revoke();
    void lose();
    // Turns until nothing moves any more; the clocks stand still.
    void settle();
    // Both clocks go on; turns happen when the pipeline asked for one, as in the real loop.
    void advance(Milliseconds by);
    void step_wall(Milliseconds by);

    // Answers the oldest delivery of `slot` that waits for an answer.
    void answer(Slot slot, Outcome::Result result, Reason reason = Reason::none);

    // --- what has been seen ---

    Milliseconds since_start() const { return now.wall - k_start_wall; }
    std::vector<Offset> released(Slot slot) const;
    std::size_t waiting_for_sink(Slot slot) const;
    bool has_notice(Notice::Kind kind) const;
    bool is_reading(Slot slot) const;  // assigned to the client and not paused
    std::uint64_t duplicates(DuplicateCause cause) const;

    std::vector<Release> releases;
    std::vector<Notice> notices;
    std::vector<CommitRequest> requests;
    std::map<Slot, Milliseconds> resumed_at;  // the last time, since the start
    std::size_t open_most = 0;                // partitions that were unpaused at a time
    std::uint64_t bytes_most = 0;
    std::size_t look_ups_asked = 0;
    std::optional<Milliseconds> unassigned_at;
    bool drained = false;

    static constexpr WallTime k_start_wall{std::chrono::seconds{1'700'000'000}};
    Now now{.wall = k_start_wall, .steady = SteadyTime{std::chrono::hours{1}}};
    Counters counters;
    Pipeline pipeline;

  private:
    struct Reading {
        Offset position = 0;
        bool paused = false;
        std::optional<Offset> end_told;
    };

    bool turn();
    bool read(Slot slot, Reading& reading);
    bool answer_sink();
    void execute(Commands& commands);
    void execute(const CommitRequest& request);
    void look_up(Slot slot);
    std::optional<Offset> unsettled_below(Slot slot, Offset offset) const;
    void release(RecordPtr record);
    void finish(RecordPtr record, Outcome::Result result, Reason reason);

    std::map<Slot, Reading> client_;
    std::vector<RecordPtr> in_sink_;
    std::vector<std::function<void()>> answers_;  // due in the next turn
    std::optional<WallTime> wake_wall_;
    std::optional<SteadyTime> wake_steady_;
};

}  // namespace laterd::tests
