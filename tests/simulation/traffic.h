// The services that write to the source topic of a simulated world.
#pragma once

#include "simulation/random.h"
#include "simulation/record_spec.h"

namespace laterd::simulation {

struct World;

class Traffic {
  public:
    explicit Traffic(World& world) : world_(world) {}

    // Bursts, until everything that the scenario asks for has been written or until `stop`.
    void begin() { burst_soon(); }
    void stop() { stopped_ = true; }

  private:
    void burst_soon();
    void burst();
    RecordSpec draw() const;
    void write(std::size_t partition, const RecordSpec& spec, bool control);

    World& world_;
    std::size_t written_ = 0;
    bool stopped_ = false;
};

}  // namespace laterd::simulation
