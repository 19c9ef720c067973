// What was answered, as text that both sides write alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "kafka/errors.h"
#include "simulation/model/group.h"
#include "simulation/model/log.h"
#include "simulation/model/topic.h"

namespace laterd::conformance {

std::string ends(core::Offset low, core::Offset high);
std::string ends(const model::Log& log);

// What a reader that begins at `from` is shown, and where it is told that the log ends.
std::string shown(const std::vector<core::Offset>& offsets, core::Offset end);
std::string shown(const model::Log& log, core::Offset from);
inline const std::string k_out_of_range = "out of range";

std::string judged(model::ProduceError error);
std::string judged(kafka::ErrorCode error);

std::string committed(model::CommitError error);
std::string committed(core::CommitAnswer::Result result);
std::string found(const std::optional<core::Offset>& offset, const std::string& metadata);
std::string found(const std::optional<model::Committed>& committed);

}  // namespace laterd::conformance
