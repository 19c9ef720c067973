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
};

// Where a record is: offsets begin again when a topic is made anew.
struct Place {
    std::size_t partition = 0;
    std::uint32_t incarnation = 0;
    core::Offset offset = 0;
};

struct SimulatedRecord : core::Record {
    Place place;
    RecordSpec spec;
    core::Fate judged = core::Fate::deliver;  // when it was read
};

inline SimulatedRecord& simulated(core::Record& record) noexcept {
    return static_cast<SimulatedRecord&>(record);
}
inline const SimulatedRecord& simulated(const core::Record& record) noexcept {
    return static_cast<const SimulatedRecord&>(record);
}

}  // namespace laterd::simulation
