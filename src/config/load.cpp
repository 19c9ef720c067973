#include "config/load.h"

#include "config/cluster_reader.h"
#include "config/contradiction.h"
#include "config/document.h"
#include "config/endpoint.h"
#include "config/file.h"
#include "config/findings.h"
#include "config/reader.h"
#include "config/route_reader.h"
#include "config/section.h"
#include "config/words.h"

#include <fmt/format.h>

#include <utility>

namespace laterd::config {

namespace {

void read_settings(const Section& root, RoutingTable& table) {
    table.memory = (root / "limits").size("memory").value_or(table.memory);
    table.commit_interval = root.duration("commit_interval").value_or(table.commit_interval);
    table.drain_timeout = root.duration("drain_timeout").value_or(table.drain_timeout);
    table.instance = root.text("instance").value_or("");
    table.admin_listen = (root / "admin").text("listen").value_or("");
    if (const auto word = (root / "log").text("level")) {
        table.log_level = from_word(k_level_words, *word);
    }
    if (const auto word = (root / "log").text("format")) {
        table.log_format = from_word(k_log_format_words, *word);
    }
}

RoutingTable read_table(const Section& root, const SecretSource& secrets, const PropertyCheck& check,
                        Findings& findings) {
    RoutingTable table;
    table.clusters = read_clusters(root, secrets, findings);
    table.routes = read_routes(root, findings);
    read_settings(root, table);
    find_contradictions(table, root, findings);
    if (!table.admin_listen.empty() && is_open_to_others(table.admin_listen)) {
        findings.warn((root / "admin").path() / "listen",
                      "other machines may reach the admin endpoint, which asks nobody who they are; expected "
                      "127.0.0.1 or a Unix socket, unless the network keeps them out");
    }
    if (check) {
        check_properties(table, root, check, findings);
    }
    return table;
}

// systemd puts credentials there; a table that is used without it finds them beside itself.
std::filesystem::path secret_folder(const std::filesystem::path& folder, const Environment& environment) {
    const std::optional<std::string> credentials = environment("CREDENTIALS_DIRECTORY");
    return credentials && !credentials->empty() ? std::filesystem::path(*credentials) : folder;
}

Loaded unreadable(std::string why) {
    return {.table = std::nullopt,
            .findings = {{.text = fmt::format("cannot be read: {}; expected a routing table, see -c", why)}},
            .places = {}};
}

}  // namespace

Loaded load(const std::filesystem::path& file, const Environment& environment, const PropertyCheck& check) {
    const Parsed<std::string> text = read_file(file);
    if (!text) {
        return unreadable(text.problem());
    }
    return load_text(*text, file.parent_path(), environment, check);
}

Loaded load_text(const std::string& text, const std::filesystem::path& folder, const Environment& environment,
                 const PropertyCheck& check, const SecretReader& read_secret) {
    Findings findings;
    std::optional<Node> root = read_document(text, findings);
    if (!root) {
        return {.table = std::nullopt, .findings = findings.take(), .places = {}};
    }
    findings.locate_by(Places(*root));
    check_shape(*root, environment, findings);
    const SecretSource secrets{.folder = secret_folder(folder, environment), .read = read_secret};
    RoutingTable table = read_table(Section(*root), secrets, check, findings);
    Loaded loaded;
    loaded.admin_listen = table.admin_listen;
    if (!findings.has_error()) {
        loaded.table = std::move(table);
    }
    loaded.findings = findings.take();
    loaded.places = findings.places();
    return loaded;
}

}  // namespace laterd::config
