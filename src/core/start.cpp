#include "core/start.h"

namespace laterd::core {

namespace {

Start begin_uncommitted(const Position& found, std::int32_t number, Role role, StartPolicy start) noexcept {
    // A partition that was added after the group began to read the topic is read whole: what was written to it
    // before we noticed is new, whatever `start` says. Records in a route's own topics are never skipped.
    const bool added = found.partitions_before > 0 && number >= found.partitions_before;
    const bool earliest = role != Role::source || added || start == StartPolicy::earliest;
    // Committed at once: else a crash before the first settled record would start `latest` later than this, and
    // lose what was held.
    return {.kind = Start::Kind::begin, .offset = earliest ? found.low : found.high, .commit_first = true};
}

}  // namespace

Start decide_start(const Position& found, std::optional<Offset> reading_at, std::int32_t number, Role role,
                   StartPolicy start, OutOfRange out_of_range) noexcept {
    if (!found.known) {
        return {.kind = Start::Kind::ask_again};
    }
    const std::optional<Offset> at = reading_at ? reading_at : found.committed;
    if (!at) {
        return begin_uncommitted(found, number, role, start);
    }
    if (*at < found.low) {
        return {
            .kind = Start::Kind::begin, .offset = found.low, .commit_first = false, .lost = found.low - *at};
    }
    if (*at <= found.high) {
        return {.kind = Start::Kind::begin, .offset = *at};
    }
    switch (out_of_range) {
        case OutOfRange::stop:
            return {.kind = Start::Kind::stop};
        case OutOfRange::earliest:
            return {.kind = Start::Kind::begin, .offset = found.low, .commit_first = true};
        case OutOfRange::latest:
            return {.kind = Start::Kind::begin, .offset = found.high, .commit_first = true};
    }
    return {.kind = Start::Kind::stop};
}

}  // namespace laterd::core
