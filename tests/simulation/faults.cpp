#include "simulation/faults.h"

#include "simulation/host.h"
#include "simulation/process.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;

void Faults::begin() {
    if (!world_.scenario.faults.empty()) {
        next();
    }
}

void Faults::next() {
    const Nanoseconds gap = world_.random.between(10ms, world_.scenario.fault_gap_max);
    world_.agenda.at(world_.now() + gap, [this] {
        if (!over_) {
            strike(world_.random.pick(std::span<const Fault>(world_.scenario.faults)));
            next();
        }
    });
}

void Faults::strike(Fault fault) {
    Random& random = world_.random;
    Host& host = *world_.hosts[random.below(world_.hosts.size())];
    const auto mend = [this](Nanoseconds after, std::function<void()> how) {
        world_.agenda.at(world_.now() + after, [this, how = std::move(how)] {
            if (!over_) {
                how();
            }
        });
    };
    switch (fault) {
        case Fault::crash:
            host.crash();
            mend(random.between(10ms, random.chance(50) ? 1s : 25s), [&host] { host.start(); });
            return;
        case Fault::drain:
            if (host.process() != nullptr && !host.is_frozen() && !host.process()->is_draining()) {
                world_.note("drain", host.number(), {});
                host.process()->drain();
            }
            mend(random.between(10ms, 25s), [&host] { host.start(); });
            return;
        case Fault::freeze:
            host.freeze();
            mend(random.between(10ms, random.chance(50) ? 3s : 40s), [&host] { host.thaw(); });
            return;
        case Fault::cut:
            host.cut();
            mend(random.between(10ms, random.chance(50) ? 3s : 30s), [&host] { host.mend(); });
            return;
        case Fault::outage:
            brokers_up(false);
            mend(random.between(10ms, random.chance(50) ? 3s : 40s), [this] { brokers_up(true); });
            return;
        case Fault::coordinator_away:
            coordinator_up(false);
            mend(random.between(10ms, random.chance(50) ? 3s : 20s), [this] { coordinator_up(true); });
            return;
        case Fault::clock_step: {
            const Nanoseconds most = random.pick<Nanoseconds>({5ms, 2s, 5min, 2h});
            host.step_clock(random.between(-most, most));
            return;
        }
        case Fault::target_missing:
            world_.target.remove();
            mend(random.between(10ms, 30s), [this] { world_.target.restore(); });
            return;
        case Fault::target_forbidden:
            world_.target.forbid();
            mend(random.between(10ms, 30s), [this] { world_.target.allow(); });
            return;
        case Fault::target_slow:
            world_.target_slow = true;
            mend(random.between(1s, 30s), [this] { world_.target_slow = false; });
            return;
        case Fault::dead_missing:
            world_.dead.remove();
            mend(random.between(10ms, 30s), [this] { world_.dead.restore(); });
            return;
        case Fault::delete_records:
            delete_records();
            return;
        case Fault::recreate:
            recreate();
            return;
        case Fault::add_partition:
            add_partition();
            return;
        case Fault::handler_down:
            world_.note("handler down", -1, {});
            world_.handler.goes_down();
            mend(random.between(10ms, random.chance(50) ? 3s : 60s), [this] { world_.handler.comes_back(); });
            return;
        case Fault::handler_slow:
            world_.handler.is_slow(true);
            mend(random.between(1s, 30s), [this] { world_.handler.is_slow(false); });
            return;
        case Fault::handler_failing:
            world_.handler.is_failing(true);
            mend(random.between(100ms, 60s), [this] { world_.handler.is_failing(false); });
            return;
        case Fault::handler_gone:
            world_.note("handler gone", -1, {});
            world_.handler.is_gone(true);
            mend(random.between(100ms, 150s), [this] { world_.handler.is_gone(false); });
            return;
        case Fault::wrong_path:
            world_.note("wrong path", -1, {});
            world_.handler.has_moved(true);
            mend(random.between(100ms, 150s), [this] { world_.handler.has_moved(false); });
            return;
        case Fault::retry_missing:
            world_.retry.remove();
            mend(random.between(10ms, 30s), [this] { world_.retry.restore(); });
            return;
        case Fault::wait_missing:
            world_.waiting.remove();
            mend(random.between(10ms, 30s), [this] { world_.waiting.restore(); });
            return;
        case Fault::resize:
            if (host.process() != nullptr) {
                host.process()->resize(random.pick<std::uint64_t>({1, 4 << 10, 64 << 10, 1 << 20, 64 << 20}),
                                       random.pick<std::uint32_t>({1, 2, 5, 64}));
            }
            return;
        case Fault::unfit:
            unfit(host, true);
            mend(random.between(100ms, random.chance(50) ? 5s : 60s), [this, &host] { unfit(host, false); });
            return;
        case Fault::count_:
            return;
    }
}

void Faults::unfit(Host& host, bool is_unfit) {
    if (host.process() != nullptr) {
        world_.note(is_unfit ? "unfit" : "fit", host.number(), {});
        host.process()->unfit(is_unfit ? core::Reason::compacted : core::Reason::none);
    }
}

void Faults::brokers_up(bool up) {
    if (world_.brokers_up != up) {
        world_.note(up ? "brokers up" : "brokers down", -1, {});
        world_.brokers_up = up;
        for (const auto& host : world_.hosts) {
            host->contact_changed();
        }
    }
}

void Faults::coordinator_up(bool up) {
    if (world_.coordinator_up != up) {
        world_.note(up ? "coordinator up" : "coordinator down", -1, {});
        world_.coordinator_up = up;
        for (const auto& host : world_.hosts) {
            host->contact_changed();
        }
    }
}

void Faults::delete_records() {
    const std::size_t partition = world_.first_source() + world_.random.below(world_.source.partitions());
    model::Log& log = world_.log(partition);
    const core::Offset before = world_.random.between(log.low(), log.high());
    log.delete_before(before);
    world_.truth.deleted(partition, before);
    world_.note("delete", -1, {static_cast<std::int64_t>(partition), before});
}

void Faults::recreate() {
    world_.note("recreate", -1, {});
    world_.sightings.saw(Sighting::recreated);
    world_.source.recreate();
    world_.truth.recreated();
    if (world_.random.chance(70)) {
        world_.group.forget_offsets(world_.first_source());
        world_.truth.offsets_forgotten();
    }
}

void Faults::add_partition() {
    if (world_.source.partitions() >= world_.scenario.partitions_max) {
        return;
    }
    world_.note("add partition", -1, {});
    world_.source.add_partition();
    world_.truth.added();
    world_.agenda.at(world_.now() + world_.random.between(0s, 30s),
                     [this] { world_.coordinator.partitions_changed(); });
}

void Faults::end() {
    over_ = true;
    world_.faults_over = true;
    world_.note("faults end", -1, {});
    brokers_up(true);
    coordinator_up(true);
    world_.target.restore();
    world_.target.allow();
    world_.dead.restore();
    world_.retry.restore();
    world_.waiting.restore();
    world_.target_slow = false;
    world_.handler.mend();
    for (const auto& host : world_.hosts) {
        host->thaw();
        host->mend();
        host->start();
        unfit(*host, false);
        const core::PipelineOptions& options = world_.scenario.options;
        host->process()->resize(options.hold_bytes, options.open_max);
    }
}

}  // namespace laterd::simulation
