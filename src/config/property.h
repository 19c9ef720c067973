// librdkafka properties in the routing table: which ones laterd owns, which hide, and asking librdkafka about
// the rest.
#pragma once

#include "config/finding.h"
#include "config/findings.h"
#include "config/routing_table.h"
#include "config/section.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

struct PropertyProblem {
    Severity severity = Severity::error;
    std::string property;  // empty: all of them together
    std::string text;      // what is wrong; what was expected
};

// Asks librdkafka, without a broker, what it thinks of these properties for a consumer or a producer. A
// function, because only src/kafka includes librdkafka.
using PropertyCheck =
    std::function<std::vector<PropertyProblem>(const Properties& properties, bool consumer)>;

// Whether the value of that property is never shown.
bool is_secret_property(std::string_view name);

// Whether its value is the path of a file that the client reads when it is made, and of one that nobody else may read.
bool names_file(std::string_view property);
bool names_secret_file(std::string_view property);

// The properties of a section `properties`, without those that laterd owns: these are reported.
Properties read_properties(const Section& section, Findings& findings);

// Reports a property that laterd owns; true when it is one.
bool refuse_owned(std::string_view name, const Path& path, Findings& findings);

// Lets librdkafka judge the properties of clusters and routes.
void check_properties(const RoutingTable& table, const Section& root, const PropertyCheck& check,
                      Findings& findings);

// Whether the process knows a secret: a file's content, a property whose name says so, or a private key.
bool has_secrets(const RoutingTable& table) noexcept;

}  // namespace laterd::config
