// A small right routing table, and loading text without files or librdkafka.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"

namespace laterd::support {

using Variables = std::map<std::string, std::string>;

inline config::Environment environment_of(Variables variables) {
    return [variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
}

// No file is there.
inline config::Parsed<config::SecretFile> no_secret(const std::filesystem::path&) {
    return config::Problem{"no such file"};
}

inline config::Loaded load(const std::string& text, const Variables& variables = {},
                           const config::PropertyCheck& check = {}) {
    return config::load_text(text, "/table", environment_of(variables), check, no_secret);
}

// One finding a line, as `laterd check` writes it, for a file `t`.
inline std::string explain(const config::Loaded& loaded) {
    std::string text;
    for (const config::Finding& finding : loaded.findings) {
        text += config::describe("t", finding) + "\n";
    }
    return text;
}

inline const std::string k_clusters = "clusters: {main: {brokers: [kafka-1:9092]}}\n";

// A table with one route `r` whose body is given.
inline std::string table_with(const std::string& route) {
    return k_clusters + "routes:\n  r: {from: {topics: [in], group: g}, to: {topic: out}, " + route + "}\n";
}

}  // namespace laterd::support
