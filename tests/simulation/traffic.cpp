#include "simulation/traffic.h"

#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;

void Traffic::burst_soon() {
    const Nanoseconds gap = world_.random.between(1ms, world_.scenario.burst_gap_max);
    world_.agenda.at(world_.now() + gap, [this] {
        if (!stopped_ && written_ < world_.scenario.records_max) {
            burst();
            burst_soon();
        }
    });
}

void Traffic::burst() {
    const Scenario& scenario = world_.scenario;
    if (!world_.brokers_up) {
        return;
    }
    auto records = world_.random.below(scenario.burst_max) + 1;
    auto partition = world_.random.below(world_.source.partitions());
    for (; records > 0 && written_ < scenario.records_max; --records, ++written_) {
        if (world_.random.chance(10)) {
            partition = world_.random.below(world_.source.partitions());
        }
        write(partition, draw(), false);
    }
    if (world_.random.chance(scenario.control_percent)) {
        write(partition, {}, true);
    }
}

RecordSpec Traffic::draw() const {
    const Scenario& scenario = world_.scenario;
    Random& random = world_.random;
    RecordSpec spec;
    spec.bytes = static_cast<std::uint32_t>(random.between(scenario.bytes_min, scenario.bytes_max));
    const auto later = [&](Nanoseconds by) {
        return world_.true_wall() + std::chrono::ceil<core::Milliseconds>(by);
    };
    if (scenario.fixed_delay) {
        // The clocks of the writers differ, too.
        spec.due = later(scenario.delay + random.between(-50ms, 50ms));
    } else if (scenario.even_due) {
        spec.due = later(random.between(0s, scenario.due_max));
    } else if (random.chance(10)) {
        spec.due = later(-random.between(0s, 1h));
    } else if (random.chance(70)) {
        spec.due = later(random.between(0s, std::min<Nanoseconds>(scenario.due_max, 30s)));
    } else {
        spec.due = later(random.between(0s, scenario.due_max));
    }
    if (random.chance(scenario.odd_due_percent)) {
        spec.has_due = random.chance(50) ? RecordSpec::Due::missing : RecordSpec::Due::invalid;
    }
    if (random.chance(scenario.refused_percent)) {
        switch (random.below(3)) {
            case 0:
                spec.bytes = scenario.target_max_bytes + 1;
                break;
            case 1:
                spec.has_key = false;
                break;
            default:
                spec.far_ahead = true;
        }
        spec.dead_refused = random.chance(scenario.dead_refused_percent);
    }
    if (scenario.handler.used) {
        spec.key = static_cast<std::uint32_t>(random.below(scenario.handler.keys));
        spec.unwanted = random.chance(scenario.handler.unwanted_percent);
        spec.dead_refused = spec.unwanted && random.chance(scenario.dead_refused_percent);
    }
    return spec;
}

void Traffic::write(std::size_t partition, const RecordSpec& spec, bool control) {
    model::Log& log = world_.source.log(partition);
    partition += world_.first_source();
    if (control) {
        log.append_control();
    } else {
        const Place place{.partition = partition,
                          .incarnation = world_.truth.incarnation(partition),
                          .offset = log.append(world_.written.size(), spec.bytes)};
        world_.written.push_back(
            {.spec = spec, .place = place, .origin = world_.written.size(), .headers = {}});
    }
    world_.truth.appended(partition, spec, world_.now(), control);
    world_.appended(partition);
}

}  // namespace laterd::simulation
