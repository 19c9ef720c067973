// What one simulated daemon has in flight at the handler: every call comes back with its outcome exactly once.
#pragma once

#include <functional>
#include <vector>

#include "core/pipeline.h"
#include "simulation/handler.h"
#include "simulation/record_spec.h"

namespace laterd::simulation {

struct World;
class Host;

class Calls {
  public:
    // `answered` gets the outcomes; it is called outside of the daemon's turn.
    Calls(World& world, Host& host, std::function<void(std::vector<core::Outcome>)> answered)
        : world_(world), host_(host), answered_(std::move(answered)) {}

    void deliver(core::RecordPtr record);

    // Handed over, and not answered yet.
    std::uint64_t bytes() const noexcept { return bytes_; }
    std::size_t records() const noexcept { return records_; }

  private:
    void answer(const std::shared_ptr<core::RecordPtr>& record, const Handler::Answer& answer);

    World& world_;
    Host& host_;
    std::function<void(std::vector<core::Outcome>)> answered_;
    std::uint64_t bytes_ = 0;
    std::size_t records_ = 0;
};

}  // namespace laterd::simulation
