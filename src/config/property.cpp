#include "config/property.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace laterd::config {

namespace {

constexpr std::array<std::string_view, 15> k_owned{"acks",
                                                   "allow.auto.create.topics",
                                                   "auto.offset.reset",
                                                   "bootstrap.servers",
                                                   "enable.auto.commit",
                                                   "enable.auto.offset.store",
                                                   "enable.idempotence",
                                                   "enable.partition.eof",
                                                   "group.id",
                                                   "group.instance.id",
                                                   "group.protocol",
                                                   "partition.assignment.strategy",
                                                   "partitioner",
                                                   "plugin.library.paths",
                                                   "transactional.id"};
// Other names of some of them.
constexpr std::array<std::string_view, 3> k_aliases{"auto.commit.enable", "metadata.broker.list",
                                                    "request.required.acks"};

template <typename Names>
bool is_among(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// librdkafka may repeat a value in its message.
void hide(std::string& text, const std::string& value) {
    constexpr std::string_view k_shown = "(hidden)";
    for (std::size_t at = value.empty() ? std::string::npos : text.find(value); at != std::string::npos;
         at = text.find(value, at)) {
        text.replace(at, value.size(), k_shown);
        at += k_shown.size();
    }
}

// librdkafka's messages may quote the value. `properties`: those of the cluster and of the route.
std::string hide_secrets(std::string text, const Properties& properties, const Cluster& cluster) {
    for (const auto& [name, value] : properties) {
        if (cluster.secrets.contains(name) || is_secret_property(name)) {
            hide(text, value);
        }
    }
    return text;
}

Properties properties_of(const Cluster& cluster) {
    Properties all = cluster.properties;
    for (const auto& [name, secret] : cluster.secrets) {
        all[name] = secret.reveal();
    }
    return all;
}

class PropertyRules {
  public:
    PropertyRules(const PropertyCheck& check, Findings& findings) : check_(check), findings_(findings) {}

    // They go to consumers and producers alike, so what one of the two does not use is no reason for a
    // warning.
    void check_cluster(const Cluster& cluster, const Section& section) {
        if (is_incomplete(cluster, section)) {
            wrong_clusters_.insert(cluster.name);
        }
        bool is_wrong = false;
        for (const bool consumer : {true, false}) {
            for (const PropertyProblem& problem : check_(properties_of(cluster), consumer)) {
                const bool is_follow_up = problem.property.empty() && wrong_clusters_.contains(cluster.name);
                if (problem.severity == Severity::error && !is_follow_up) {
                    report(problem, properties_of(cluster), cluster,
                           place_in_cluster(problem, cluster, section.path()));
                    is_wrong = true;
                }
            }
        }
        if (is_wrong) {
            wrong_clusters_.insert(cluster.name);
        }
    }

    // Only what the route adds is judged here; the rest was judged with its cluster.
    void check_route(const Cluster& cluster, const Properties& added, bool consumer, const Path& path) {
        if (added.empty()) {
            return;
        }
        Properties all = properties_of(cluster);
        for (const auto& [name, value] : added) {
            all[name] = value;
        }
        for (const PropertyProblem& problem : check_(all, consumer)) {
            if (added.contains(problem.property)) {
                report(problem, all, cluster, path / problem.property);
            } else if (problem.property.empty() && !wrong_clusters_.contains(cluster.name)) {
                report(problem, all, cluster, path);
            }
        }
    }

  private:
    // Something was left out because of its own problem; that the rest does not fit together is no wonder.
    static bool is_incomplete(const Cluster& cluster, const Section& section) {
        return (section / "properties").names().size() != cluster.properties.size() ||
               (section / "secrets").names().size() != cluster.secrets.size();
    }

    static Path place_in_cluster(const PropertyProblem& problem, const Cluster& cluster, const Path& path) {
        if (problem.property.empty()) {
            return cluster.properties.empty() ? path / "secrets" : path / "properties";
        }
        return path / (cluster.secrets.contains(problem.property) ? "secrets" : "properties") /
               problem.property;
    }

    void report(const PropertyProblem& problem, const Properties& properties, const Cluster& cluster,
                const Path& path) {
        std::string text = hide_secrets(problem.text, properties, cluster);
        if (problem.severity == Severity::error) {
            findings_.error(path, std::move(text));
        } else {
            findings_.warn(path, std::move(text));
        }
    }

    const PropertyCheck& check_;
    Findings& findings_;
    std::set<std::string> wrong_clusters_;
};

const Cluster* find_cluster(const RoutingTable& table, const std::string& name) {
    const auto found = std::find_if(table.clusters.begin(), table.clusters.end(),
                                    [&](const Cluster& c) { return c.name == name; });
    return found == table.clusters.end() ? nullptr : &*found;
}

}  // namespace

bool is_secret_property(std::string_view name) {
    return name.find("password") != std::string_view::npos || name.find("secret") != std::string_view::npos ||
           name.find("passphrase") != std::string_view::npos || name.ends_with("key.pem") ||
           name == "sasl.oauthbearer.config";
}

bool names_secret_file(std::string_view property) {
    return property == "ssl.key.location" || property == "ssl.keystore.location" ||
           property == "sasl.kerberos.keytab";
}

bool names_file(std::string_view property) {
    return names_secret_file(property) || property == "ssl.certificate.location" ||
           property == "ssl.ca.location" || property == "ssl.crl.location";
}

bool refuse_owned(std::string_view name, const Path& path, Findings& findings) {
    if (!is_among(k_owned, name) && !is_among(k_aliases, name)) {
        return false;
    }
    findings.error(path, fmt::format("laterd owns this property; remove it and leave to laterd: {}",
                                     fmt::join(k_owned, ", ")));
    return true;
}

Properties read_properties(const Section& section, Findings& findings) {
    Properties properties;
    for (const std::string& name : section.names()) {
        const std::optional<std::string> value = section.text(name);
        if (refuse_owned(name, section.path() / name, findings) || !value) {
            continue;
        }
        if (is_secret_property(name) && !section.is_from_environment(name)) {
            findings.warn(section.path() / name,
                          "the secret stands in this file; expected its own file under secrets, or ${NAME}");
        }
        properties[name] = *value;
    }
    return properties;
}

void check_properties(const RoutingTable& table, const Section& root, const PropertyCheck& check,
                      Findings& findings) {
    PropertyRules rules(check, findings);
    for (const Cluster& cluster : table.clusters) {
        rules.check_cluster(cluster, root / "clusters" / cluster.name);
    }
    for (const Route& route : table.routes) {
        const Section section = root / "routes" / route.name;
        if (const Cluster* cluster = find_cluster(table, route.from.cluster)) {
            rules.check_route(*cluster, route.from.properties, true,
                              (section / "from" / "properties").path());
        }
        if (const Cluster* cluster = find_cluster(table, route.to.cluster)) {
            rules.check_route(*cluster, route.to.properties, false, (section / "to" / "properties").path());
        }
    }
}

bool has_secrets(const RoutingTable& table) noexcept {
    const auto is_secret = [](const auto& property) {
        return is_secret_property(property.first) || names_secret_file(property.first);
    };
    const auto has = [&](const Properties& all) { return std::any_of(all.begin(), all.end(), is_secret); };
    return std::any_of(table.clusters.begin(), table.clusters.end(),
                       [&](const Cluster& c) { return !c.secrets.empty() || has(c.properties); }) ||
           std::any_of(table.routes.begin(), table.routes.end(),
                       [&](const Route& r) { return has(r.from.properties) || has(r.to.properties); });
}

}  // namespace laterd::config
