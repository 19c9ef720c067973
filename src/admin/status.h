// The state of the process as JSON: what `/status` answers, `laterd status` shows and the page draws.
#pragma once

#include <span>
#include <string>

#include "admin/state.h"
#include "log/recent.h"

namespace laterd::admin {

// Instants are RFC 3339 texts, or null; durations are seconds. No payloads, header values or secrets.
std::string status_json(const ProcessState& state, std::span<const log::RecentLine> lines);

}  // namespace laterd::admin
