// What laterd writes about a record on its copy, and what it believes of one that it reads from the route's own topics.
// Beside the bytes: those are the sink's.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/record.h"
#include "core/time.h"
#include "dialect/laterd.h"

namespace laterd::dialect {

// The marks of a copy, by the record's purpose and form, but for the route. `origin`: where the route first read it.
// `reason` and `error`: what has just happened to it. `before`: what it said itself when it was read from a topic of the
// route's own; it keeps reason and error on its way round in the waiting topic. The views are the caller's.
Marks marks_of_copy(const core::Record& record, const Origin& origin, std::string_view reason,
                    std::string_view error, const Marks& before);

// Fills in due, attempts, first attempt and the end of the lap. `written`: the copy's timestamp. `partition`: of the topic
// that it was read from. `longest`: core::longest_delay of the route's backoff.
void believe(core::Record& record, core::Role role, const Marks& marks, core::WallTime written,
             std::int32_t partition, core::Milliseconds longest) noexcept;

}  // namespace laterd::dialect
