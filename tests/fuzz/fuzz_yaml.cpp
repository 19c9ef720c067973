// Any bytes as a routing table: findings or a table, and a table that is right prints as itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/print.h"

using namespace laterd;

namespace {

std::optional<std::string> variable(const std::string& name) {
    return name == "SET" ? std::optional<std::string>("value") : std::nullopt;
}

config::Parsed<config::SecretFile> secret(const std::filesystem::path&) {
    return config::SecretFile{.content = "secret\n", .is_world_readable = true};
}

config::Loaded load(const std::string& text) {
    return config::load_text(text, "/table", variable, {}, secret);
}

void demand(bool condition) {
    if (!condition) {
        std::abort();
    }
}

// A hidden value is printed as such, and a secret's file is another one.
bool has_secrets(const config::RoutingTable& table, const std::string& printed) {
    for (const config::Cluster& cluster : table.clusters) {
        if (!cluster.secrets.empty()) {
            return true;
        }
    }
    return printed.find("(hidden)") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text(bytes, bytes + size);
    const config::Loaded loaded = load(text);
    demand(loaded.table.has_value() != config::has_error(loaded.findings));
    for (const config::Finding& finding : loaded.findings) {
        const std::string line = config::describe("laterd.yaml", finding);
        demand(line.find('\n') == std::string::npos);
        demand(!finding.text.empty());
    }
    if (loaded.table) {
        const std::string printed = config::print(*loaded.table);
        if (!has_secrets(*loaded.table, printed)) {
            const config::Loaded again = load(printed);
            demand(again.table == loaded.table);
        }
    }
    return 0;
}
