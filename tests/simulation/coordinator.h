// The group's coordinator in time: when rebalances begin and end, and who hears of it.
#pragma once

#include <cstdint>

#include "simulation/model/group.h"

namespace laterd::simulation {

struct World;
class Client;

class Coordinator {
  public:
    explicit Coordinator(World& world) : world_(world) {}

    // Requests that have arrived.
    void join(Client& client);
    void leave(model::MemberId member);

    // Heartbeats stayed away for a session.
    void expire(model::MemberId member);

    // The leader saw that the topic has more partitions.
    void partitions_changed();

  private:
    void changed();
    void complete_when_joined();
    void complete();

    World& world_;
    std::uint64_t round_ = 0;
};

}  // namespace laterd::simulation
