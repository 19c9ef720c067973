// From a file to a routing table that can be relied on, or to every problem it has.
#pragma once

#include "config/environment.h"
#include "config/finding.h"
#include "config/places.h"
#include "config/property.h"
#include "config/routing_table.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace laterd::config {

struct Loaded {
    std::optional<RoutingTable> table;  // there when no finding is an error
    std::vector<Finding> findings;      // in the order of the file
    Places places;                      // for findings that come later
    std::string admin_listen;           // as far as it can be known, whatever else is wrong; else empty
};

// Never throws for what is in the file. `check` may be empty: librdkafka is not asked then.
Loaded load(const std::filesystem::path& file, const Environment& environment, const PropertyCheck& check);

// The same for the text of a file in `folder`, in which the files of secrets are.
Loaded load_text(const std::string& text, const std::filesystem::path& folder, const Environment& environment,
                 const PropertyCheck& check, const SecretReader& read_secret = read_secret_file);

}  // namespace laterd::config
