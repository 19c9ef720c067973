// `laterd check`: every finding about a routing table, one line each, and the table as it takes effect.
#pragma once

#include "cli/invocation.h"
#include "config/environment.h"
#include "config/load.h"
#include "config/path.h"
#include "config/property.h"
#include "config/routing_table.h"

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace laterd::cli {

// What the clusters say about a routing table that is right by itself.
struct Connected {
    struct Finding {
        config::Severity severity = config::Severity::error;
        config::Path path;
        std::string text;
    };
    std::vector<Finding> findings;
    bool unreachable = false;  // a cluster did not answer; one of the findings says which
};
using Connect = std::function<Connected(const config::RoutingTable&)>;

struct CheckTools {
    config::Environment environment;
    config::PropertyCheck check_properties;
    Connect connect;  // only called for --connect, after the table is right
};

// Returns the exit code. Findings go to `err`, the table to `out`.
int check(const Invocation& invocation, const CheckTools& tools, std::ostream& out, std::ostream& err);

// The table of that file, after its findings were written to `err`; nullopt when one is an error.
std::optional<config::RoutingTable> load_or_explain(const std::string& file, const CheckTools& tools,
                                                    std::ostream& err);

}  // namespace laterd::cli
