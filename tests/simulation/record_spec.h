// What a record of the simulated source is, fixed when it is produced; and the record as a simulated daemon keeps it.
#pragma once

#include <cstdint>

#include "core/record.h"
#include "core/time.h"

namespace laterd::simulation {

struct RecordSpec {
    enum class Due : std::uint8_t { usable, missing, invalid };

    Due has_due = Due::usable;
    core::WallTime due{};
    std::uint32_t bytes = 0;  // on the wire
    bool has_key = true;
    bool far_ahead = false;     // a timestamp that the target refuses
    bool dead_refused = false;  // the dead-letter topic refuses it in every form
    std::uint32_t key = 0;      // 0: none
    bool unwanted = false;      // the handler rejects it whenever it sees it
};

// Where a record is, by the world's numbers of partitions: offsets begin again when a topic is made anew.
struct Place {
    std::size_t partition = 0;
    std::uint32_t incarnation = 0;
    core::Offset offset = 0;
};

struct SimulatedRecord : core::Record {
    Place place;
    RecordSpec spec;
    std::uint64_t id = 0;  // in World::written
    core::Role role = core::Role::source;
    core::Fate judged = core::Fate::deliver;  // when it was read
};

inline SimulatedRecord& simulated(core::Record& record) noexcept {
    return static_cast<SimulatedRecord&>(record);
}
inline const SimulatedRecord& simulated(const core::Record& record) noexcept {
    return static_cast<const SimulatedRecord&>(record);
}

}  // namespace laterd::simulation
