// What goes wrong in a simulated world, and how it is mended.
#pragma once

#include "simulation/scenario.h"

namespace laterd::simulation {

struct World;
class Host;

class Faults {
  public:
    explicit Faults(World& world) : world_(world) {}

    void begin();

    // Everything is mended and nothing fails any more.
    void end();

  private:
    void next();
    void strike(Fault fault);
    void brokers_up(bool up);
    void coordinator_up(bool up);
    void delete_records();
    void recreate();
    void add_partition();
    void unfit(Host& host, bool is_unfit);

    World& world_;
    bool over_ = false;
};

}  // namespace laterd::simulation
