// The table of keys as a JSON Schema (draft 7, which editors know best), so that they complete and check a routing table.
#pragma once

#include <string>

namespace laterd::reference {

// What the reader accepts, the schema accepts. What only the whole table can tell (contradictions, ranges of durations, what
// a variable holds) is left to `laterd check`.
std::string json_schema();

}  // namespace laterd::reference
