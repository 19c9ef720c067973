// Everything that the daemons of one simulated world share: time, chance, the brokers, and the truth.
#pragma once

#include <memory>
#include <vector>

#include "dialect/laterd.h"
#include "simulation/agenda.h"
#include "simulation/coordinator.h"
#include "simulation/handler.h"
#include "simulation/model/group.h"
#include "simulation/model/topic.h"
#include "simulation/random.h"
#include "simulation/scenario.h"
#include "simulation/sightings.h"
#include "simulation/trace.h"
#include "simulation/truth.h"

namespace laterd::simulation {

class Host;

// The members of the group are this fast and this patient; what librdkafka does by default is slower, not different.
inline constexpr Nanoseconds k_session = std::chrono::seconds(10);
inline constexpr Nanoseconds k_heartbeat = std::chrono::seconds(3);
inline constexpr Nanoseconds k_rebalance_timeout = std::chrono::seconds(15);

// The true wall clock when the world begins.
inline constexpr WallTime k_epoch{std::chrono::hours(24 * 365 * 56)};

struct World {
    World(const Scenario& wanted, Sightings& seen, bool print);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    SteadyTime now() const noexcept { return agenda.now(); }
    WallTime true_wall() const noexcept {
        return k_epoch + std::chrono::floor<core::Milliseconds>(now().time_since_epoch());
    }

    // One way between a daemon and a broker.
    Nanoseconds hop() noexcept {
        using namespace std::chrono_literals;
        return random.chance(1) ? random.between(2ms, 60ms) : random.between(100us, 3ms);
    }

    void note(const char* what, int where, std::initializer_list<std::int64_t> numbers) {
        trace.note(now(), what, where, numbers);
    }

    // The partitions that the group reads are numbered through: those of the retry topic, those of the waiting topic, those
    // of the source, which may get more of them.
    std::size_t partitions() const noexcept { return first_source() + source.partitions(); }
    std::size_t first_waiting() const noexcept { return retry.partitions(); }
    std::size_t first_source() const noexcept { return retry.partitions() + waiting.partitions(); }
    core::Role role(std::size_t partition) const noexcept;
    std::int32_t number(std::size_t partition) const noexcept;  // in its topic
    model::Topic& topic(core::Role role) noexcept;
    model::Log& log(std::size_t partition) noexcept;
    const model::Log& log(std::size_t partition) const noexcept {
        return const_cast<World*>(this)->log(partition);  // found the same way
    }

    // Something was written there: who waits for it reads it.
    void appended(std::size_t partition);

    const Scenario& scenario;
    Sightings& sightings;
    Random random;
    Agenda agenda;
    Trace trace;

    model::Topic retry;
    model::Topic waiting;
    model::Topic source;
    model::Topic target;
    model::Topic dead;
    model::Group group;
    bool brokers_up = true;
    bool coordinator_up = true;
    bool target_slow = false;
    Handler handler;
    bool faults_over = false;

    // Everything in the topics that the group reads, by the number that the logs know it by.
    struct Written {
        RecordSpec spec;
        Place place;
        std::uint64_t origin = 0;  // the record of the source; its own number there
        // Of a copy:
        WallTime written{};  // its timestamp
        std::vector<dialect::Header> headers;
        std::uint32_t attempts = 0;  // what the headers have to say
        WallTime first_attempt{};
    };
    std::vector<Written> written;

    Truth truth;
    Coordinator coordinator{*this};
    std::vector<std::unique_ptr<Host>> hosts;  // last: they refer to all of it
};

}  // namespace laterd::simulation
