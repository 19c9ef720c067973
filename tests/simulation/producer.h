// The producers of one simulated daemon: deliveries travel in batches, in order towards each target partition, and
// every one comes back with its outcome exactly once.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "core/pipeline.h"
#include "simulation/model/topic.h"
#include "simulation/random.h"
#include "simulation/record_spec.h"

namespace laterd::simulation {

struct World;
class Host;

class Producer {
  public:
    // `answered` gets the outcomes; it is called outside of the daemon's turn.
    Producer(World& world, Host& host, std::function<void(std::vector<core::Outcome>)> answered)
        : world_(world), host_(host), answered_(std::move(answered)) {}

    // Leaves `records` empty.
    void deliver(std::vector<core::RecordPtr>& records);

    // The process was killed: what was on its way may arrive all the same.
    void dies();

    // Handed over, and not answered yet.
    std::uint64_t bytes() const noexcept { return bytes_; }
    std::size_t records() const noexcept { return records_; }

  private:
    struct Batch {
        std::vector<core::RecordPtr> records;
        core::SteadyTime entered{};
        core::WallTime written{};  // its records' timestamp
    };

    // The connection to one partition of a topic that is written.
    struct Link {
        core::Purpose purpose;
        std::size_t partition;
        std::deque<Batch> waiting;
        bool busy = false;
        core::SteadyTime last_answer{};
    };

    Link& link_of(const SimulatedRecord& record);
    void work(Link& link);
    void arrive(Link& link);
    void answer(Link& link, Batch batch, core::Outcome::Result result, core::Reason reason);
    void fail(Link& link, core::Reason reason);
    model::Topic& topic(core::Purpose purpose);
    model::ProduceError produce(const Link& link, const Batch& batch);
    void came_back(const Link& link, const Batch& batch);

    World& world_;
    Host& host_;
    std::function<void(std::vector<core::Outcome>)> answered_;
    std::map<std::pair<core::Purpose, std::size_t>, Link> links_;
    std::uint64_t bytes_ = 0;
    std::size_t records_ = 0;
};

}  // namespace laterd::simulation
