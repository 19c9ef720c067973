#include "config/cluster_reader.h"

#include "config/property.h"
#include "config/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace laterd::config {

namespace {

std::optional<Secret> read_secret(const std::string& name, const Path& path, const SecretSource& source,
                                  Findings& findings) {
    // An absolute name replaces the folder.
    const Parsed<SecretFile> file = source.read(source.folder / name);
    if (!file) {
        findings.error(path, file.problem());
        return std::nullopt;
    }
    std::string value = (*file).content;
    if (value.ends_with('\n')) {
        value.pop_back();
    }
    const std::string shown = quote((source.folder / name).string());
    if (value.empty() || value.find('\0') != std::string::npos) {
        findings.error(path, fmt::format("{} is empty or holds a NUL; expected the property's value", shown));
        return std::nullopt;
    }
    if ((*file).is_world_readable) {
        findings.warn(path, fmt::format("everybody may read {}; expected a mode like 0600", shown));
    }
    return Secret(std::move(value));
}

std::map<std::string, Secret> read_secrets(const Section& cluster, const SecretSource& source,
                                           Findings& findings) {
    std::map<std::string, Secret> secrets;
    const Section section = cluster / "secrets";
    for (const std::string& property : section.names()) {
        const Path path = section.path() / property;
        const std::optional<std::string> name = section.text(property);
        if (refuse_owned(property, path, findings) || !name) {
            continue;
        }
        if ((cluster / "properties").has(property)) {
            findings.error(path, "given under properties too; expected it once");
            continue;
        }
        if (std::optional<Secret> secret = read_secret(*name, path, source, findings)) {
            secrets.emplace(property, *std::move(secret));
        }
    }
    return secrets;
}

// What the client makes of a file, and of one that is not there, is the client's to say.
std::map<std::string, std::size_t> hash_files(const Properties& properties, const Path& path,
                                              const SecretReader& read, Findings& findings) {
    std::map<std::string, std::size_t> hashes;
    for (const auto& [property, name] : properties) {
        if (!names_file(property)) {
            continue;
        }
        const Parsed<SecretFile> file = read(name);
        if (!file) {
            continue;
        }
        hashes.emplace(property, std::hash<std::string>()((*file).content));
        if (names_secret_file(property) && (*file).is_world_readable) {
            findings.warn(path / property,
                          fmt::format("everybody may read {}; expected a mode like 0600", quote(name)));
        }
    }
    return hashes;
}

std::vector<std::string> read_brokers(const Section& cluster, Findings& findings) {
    std::vector<std::string> brokers;
    for (const Section::Item& item : cluster.items("brokers")) {
        if (std::find(brokers.begin(), brokers.end(), item.text) != brokers.end()) {
            findings.error((cluster.path() / "brokers")[item.index],
                           fmt::format("{} is listed twice; expected it once", quote(item.text)));
            continue;
        }
        brokers.push_back(item.text);
    }
    return brokers;
}

}  // namespace

std::vector<Cluster> read_clusters(const Section& root, const SecretSource& secrets, Findings& findings) {
    std::vector<Cluster> clusters;
    const Section all = root / "clusters";
    for (const std::string& name : all.names()) {
        const Section section = all / name;
        Cluster& cluster =
            clusters.emplace_back(Cluster{.name = name,
                                          .brokers = read_brokers(section, findings),
                                          .properties = read_properties(section / "properties", findings),
                                          .secrets = read_secrets(section, secrets, findings),
                                          .file_hashes = {}});
        cluster.file_hashes =
            hash_files(cluster.properties, section.path() / "properties", secrets.read, findings);
    }
    return clusters;
}

}  // namespace laterd::config
