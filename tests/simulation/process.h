// One simulated daemon: a pipeline, and a shell around it that does what the real worker does.
#pragma once

#include <functional>
#include <vector>

#include "core/pipeline.h"
#include "simulation/calls.h"
#include "simulation/client.h"
#include "simulation/producer.h"
#include "simulation/witness.h"

namespace laterd::simulation {

class Process : public ClientEvents {
  public:
    Process(World& world, Host& host);

    Client& client() noexcept { return client_; }
    core::Pipeline& pipeline() noexcept { return pipeline_; }
    const core::Counters& counters() const noexcept { return counters_; }
    Witness& witness() noexcept { return witness_; }
    std::uint64_t turns() const noexcept { return turns_; }
    std::size_t partition_of(core::Slot slot) const { return partitions_.at(slot); }
    std::optional<core::Slot> slot_of(std::size_t partition) const;
    std::size_t slots() const noexcept { return partitions_.size(); }
    bool is_draining() const noexcept { return draining_; }

    void was_suspended();
    void clock_stepped();
    void drain();
    void resize(std::uint64_t hold_bytes, std::uint32_t open_max);
    void unfit(core::Reason reason);
    void dies();

    // From the client.
    void on_assigned(std::vector<std::size_t> partitions) override;
    void on_revoke() override;
    void on_lost() override;
    void on_records() override { turn_soon(); }
    void on_out_of_range(std::size_t partition, core::Epoch epoch) override;
    void on_committed(std::uint64_t id, std::vector<core::CommitAnswer> answers) override;
    void on_positions(std::vector<core::Position> found) override;

  private:
    using Event = std::function<void(const core::Now&)>;

    void post(Event event);
    void answered(std::vector<core::Outcome> outcomes);
    void turn_soon();
    void turn();
    void read(const core::Now& now);
    void read_partition(const core::Now& now, std::size_t partition, std::size_t most);
    core::RecordPtr as_record(const core::Now& now, core::Slot slot, const Client::Item& item) const;
    void count_laps();
    std::uint64_t sequence_of(const SimulatedRecord& record) const noexcept;
    void execute(const core::Now& now);
    void deliver(const core::Now& now, std::vector<core::RecordPtr>& records);
    void arm();
    core::Slot take_slot(std::size_t partition);

    World& world_;
    Host& host_;
    core::Counters counters_;
    core::Pipeline pipeline_;
    Client client_;
    Producer producer_;
    Calls calls_;
    Witness witness_;
    std::vector<std::size_t> partitions_;  // by slot
    std::vector<Event> inbox_;
    bool turn_pending_ = false;
    bool draining_ = false;
    bool ended_ = false;
    std::uint64_t turns_ = 0;
    std::uint64_t timer_ = 0;
    std::vector<core::RecordPtr> stale_;  // kept back, to be fed when their epoch is over
    core::Slot stale_slot_ = 0;
};

}  // namespace laterd::simulation
