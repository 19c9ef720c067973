// Reads YAML strictly: one document, every key once, no anchors, aliases or tags, nothing converted.
#pragma once

#include "config/findings.h"
#include "config/node.h"

#include <optional>
#include <string>

namespace laterd::config {

// What is not accepted is reported and left out; nullopt when nothing useful remains.
std::optional<Node> read_document(const std::string& file, Findings& findings);

}  // namespace laterd::config
