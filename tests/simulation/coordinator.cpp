#include "simulation/coordinator.h"

#include "simulation/client.h"
#include "simulation/host.h"
#include "simulation/process.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;

void Coordinator::join(Client& client) {
    const auto joined = world_.group.join(client.member(), client.instance());
    client.joined_as(joined.member);
    if (joined.at_once) {
        world_.sightings.saw(Sighting::static_return);
        client.answer_join(world_.group.generation(), world_.group.assignment(joined.member));
    }
    changed();
}

void Coordinator::leave(model::MemberId member) {
    if (world_.group.remove(member)) {
        changed();
    }
}

void Coordinator::expire(model::MemberId member) {
    if (world_.group.remove(member)) {
        world_.note("expired", -1, {static_cast<std::int64_t>(member)});
        changed();
    }
}

void Coordinator::partitions_changed() {
    world_.group.rebalance();
    changed();
}

void Coordinator::changed() {
    for (const auto& host : world_.hosts) {
        if (host->process()) {
            host->process()->client().expect_heartbeat(world_.random.between(0s, k_heartbeat));
        }
    }
    if (world_.group.state() != model::Group::State::preparing) {
        return;
    }
    const std::uint64_t round = ++round_;
    world_.agenda.at(world_.now() + k_rebalance_timeout, [this, round] {
        if (round == round_ && world_.group.state() == model::Group::State::preparing) {
            complete();
        }
    });
    complete_when_joined();
}

void Coordinator::complete_when_joined() {
    if (!world_.group.all_joined()) {
        return;
    }
    const std::uint64_t round = round_;
    world_.agenda.at(world_.now() + world_.random.between(0s, 300ms), [this, round] {
        if (round == round_ && world_.group.all_joined()) {
            complete();
        }
    });
}

void Coordinator::complete() {
    ++round_;
    world_.group.complete(world_.partitions(), world_.random.below(16));
    const model::Generation generation = world_.group.generation();
    world_.note("generation", -1, {generation, static_cast<std::int64_t>(world_.group.members().size())});
    for (const auto& host : world_.hosts) {
        if (host->process() && world_.group.has(host->process()->client().member())) {
            Client& client = host->process()->client();
            client.answer_join(generation, world_.group.assignment(client.member()));
        }
    }
    world_.agenda.at(world_.now() + world_.random.between(0s, 50ms), [this, generation] {
        if (generation == world_.group.generation()) {
            world_.group.sync();
        }
    });
}

}  // namespace laterd::simulation
