#include "simulation/host.h"

#include <algorithm>

#include "simulation/process.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;

Host::Host(World& world, int number, Nanoseconds clock_offset)
    : world_(world), number_(number), clock_offset_(clock_offset) {}

Host::~Host() = default;

void Host::after(Nanoseconds delay, std::function<void()> what) {
    world_.agenda.at(world_.now() + delay, [this, life = life_, what = std::move(what)]() mutable {
        if (life != life_) {
            return;
        }
        if (frozen_) {
            deferred_.push_back(std::move(what));
            return;
        }
        what();
    });
}

core::Now Host::read_clocks() const {
    const Nanoseconds elapsed = world_.now().time_since_epoch() + clock_offset_;
    return {.wall = k_epoch + std::chrono::floor<core::Milliseconds>(elapsed), .steady = world_.now()};
}

SteadyTime Host::when(WallTime wall) const {
    // Due times may lie centuries away, beyond what nanoseconds can say.
    constexpr core::Milliseconds k_never{std::chrono::hours(24 * 365 * 100)};
    const core::Milliseconds from_epoch = std::clamp(wall - k_epoch, -k_never, k_never);
    return SteadyTime(Nanoseconds(from_epoch) - clock_offset_);
}

bool Host::reaches_brokers() const {
    return world_.brokers_up && !cut_;
}

std::string Host::instance() const {
    return world_.scenario.static_members ? "daemon-" + std::to_string(number_) : "";
}

void Host::start() {
    if (!process_) {
        world_.note("start", number_, {});
        process_ = std::make_unique<Process>(world_, *this);
        process_->client().join();
    }
}

void Host::crash() {
    if (!process_) {
        return;
    }
    world_.note("crash", number_, {});
    const model::MemberId member = process_->client().member();
    process_->dies();
    ended();
    watch_session(member, true);
}

void Host::ended() {
    process_.reset();
    deferred_.clear();
    frozen_ = false;
    ++life_;
}

void Host::freeze() {
    if (process_ && !frozen_) {
        world_.note("freeze", number_, {});
        frozen_ = true;
        frozen_at_ = world_.now();
        watch_session(process_->client().member());
    }
}

void Host::thaw() {
    if (!frozen_) {
        return;
    }
    const Nanoseconds gone = world_.now() - frozen_at_;
    world_.note("thaw", number_, {gone.count()});
    frozen_ = false;
    ++away_;
    process_->client().woke(frozen_at_);
    // The session may have begun up to a heartbeat before the process stopped.
    if (gone >= k_session - k_heartbeat) {
        process_->was_suspended();
    }
    std::vector<std::function<void()>> due;
    due.swap(deferred_);
    const std::uint64_t life = life_;
    for (auto& what : due) {
        if (life == life_) {
            what();
        }
    }
    if (life == life_ && !reaches_brokers()) {
        contact_changed();
    }
}

void Host::cut() {
    if (!cut_) {
        world_.note("cut", number_, {});
        cut_ = true;
        contact_changed();
    }
}

void Host::mend() {
    if (cut_) {
        world_.note("mend", number_, {});
        cut_ = false;
        contact_changed();
    }
}

void Host::contact_changed() {
    if (!process_) {
        return;
    }
    if (reaches_brokers() && world_.coordinator_up) {
        ++away_;
    } else if (cut_) {
        watch_session(process_->client().member());
    }
    process_->client().contact_changed();
    if (frozen_) {
        watch_session(process_->client().member());
    }
}

void Host::step_clock(Nanoseconds by) {
    world_.note("clock", number_, {by.count()});
    clock_offset_ += by;
    world_.sightings.saw(by > 0ns ? Sighting::clock_forward : Sighting::clock_back);
    if (process_) {
        process_->clock_stepped();
    }
}

// The coordinator waits a session from the last heartbeat; while it is away itself it cannot tell.
void Host::watch_session(model::MemberId member, bool died) {
    const Nanoseconds left = k_session - world_.random.between(0s, k_heartbeat);
    world_.agenda.at(world_.now() + left, [this, member, died, away = away_, life = life_] {
        // A process that died meanwhile is watched by another call.
        const bool back = !died && (away != away_ || life != life_);
        if (back || !world_.group.has(member)) {
            return;
        }
        if (!world_.brokers_up || !world_.coordinator_up) {
            watch_session(member, died);
            return;
        }
        if (died || frozen_ || cut_) {
            world_.coordinator.expire(member);
        }
    });
}

}  // namespace laterd::simulation
