#include "config/difference.h"

#include "config/node.h"
#include "config/path.h"
#include "config/property.h"
#include "config/table_document.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

namespace laterd::config {

namespace {

using Keys = std::vector<std::string>;

// Workers are made with these: every route differs with them.
constexpr std::array<std::string_view, 2> k_of_all_routes{"commit_interval", "drain_timeout"};

constexpr std::string_view k_at_once = "log";

void append(Keys& keys, const Keys& more) {
    keys.insert(keys.end(), more.begin(), more.end());
}

void compare(const Node* before, const Node* after, const Path& path, Keys& keys);

void compare_maps(const Node& before, const Node& after, const Path& path, Keys& keys) {
    for (const Entry& entry : after.entries) {
        compare(before.find(entry.key), &entry.value, path / entry.key, keys);
    }
    for (const Entry& entry : before.entries) {
        if (after.find(entry.key) == nullptr) {
            keys.push_back((path / entry.key).str());
        }
    }
}

bool is_same_list(const Node& before, const Node& after) {
    return std::equal(before.items.begin(), before.items.end(), after.items.begin(), after.items.end(),
                      [](const Node& one, const Node& other) { return one.text == other.text; });
}

void compare(const Node* before, const Node* after, const Path& path, Keys& keys) {
    if (before == nullptr || after == nullptr || before->kind != after->kind) {
        if (before != after) {
            keys.push_back(path.str());
        }
    } else if (before->kind == Node::Kind::map) {
        compare_maps(*before, *after, path, keys);
    } else if (before->text != after->text || !is_same_list(*before, *after)) {
        keys.push_back(path.str());
    }
}

// Names that are on one side only are in the documents; values are not.
template <typename Value>
void compare_hidden(const std::map<std::string, Value>& before, const std::map<std::string, Value>& after,
                    const Path& path, Keys& keys) {
    for (const auto& [name, value] : after) {
        const auto found = before.find(name);
        const bool is_hidden = !std::is_same_v<Value, std::string> || is_secret_property(name);
        if (is_hidden && found != before.end() && found->second != value) {
            keys.push_back((path / name).str());
        }
    }
}

const Node* find(const Node* node, std::string_view key) {
    return node == nullptr ? nullptr : node->find(key);
}

const Cluster* find_cluster(const RoutingTable& table, const std::string& name) {
    const auto found = std::find_if(table.clusters.begin(), table.clusters.end(),
                                    [&](const Cluster& cluster) { return cluster.name == name; });
    return found == table.clusters.end() ? nullptr : &*found;
}

const Route* find_enabled(const RoutingTable& table, const std::string& name) {
    const auto found = std::find_if(table.routes.begin(), table.routes.end(),
                                    [&](const Route& route) { return route.enabled && route.name == name; });
    return found == table.routes.end() ? nullptr : &*found;
}

std::set<std::string> clusters_of(const Route& route) {
    std::set<std::string> used{route.from.cluster, route.to.cluster};
    if (route.dead_letter) {
        used.insert(route.dead_letter->cluster);
    }
    return used;
}

class Comparison {
  public:
    Comparison(const RoutingTable& before, const RoutingTable& after, const ReadsElse& reads_else)
        : before_(before),
          after_(after),
          reads_else_(reads_else),
          before_document_(to_document(before)),
          after_document_(to_document(after)) {}

    Difference find() {
        compare_settings();
        for (const Route& route : after_.routes) {
            if (route.enabled) {
                compare_route(route);
            }
        }
        for (const Route& route : before_.routes) {
            if (route.enabled && find_enabled(after_, route.name) == nullptr) {
                add(RouteDifference::Kind::removed, route.name, keys_of_route(route.name));
            }
        }
        return std::move(found_);
    }

  private:
    void compare_settings() {
        std::set<std::string_view> names;
        for (const Node* document : {&before_document_, &after_document_}) {
            for (const Entry& entry : document->entries) {
                names.insert(entry.key);
            }
        }
        for (const std::string_view name : names) {
            if (name != "clusters" && name != "routes") {
                compare(before_document_.find(name), after_document_.find(name), Path() / name,
                        list_of(name));
            }
        }
    }

    // What nothing is known about needs a restart.
    Keys& list_of(std::string_view setting) {
        const bool is_of_all =
            std::find(k_of_all_routes.begin(), k_of_all_routes.end(), setting) != k_of_all_routes.end();
        if (is_of_all) {
            return of_all_routes_;
        }
        return setting == k_at_once ? found_.at_once : found_.needs_restart;
    }

    void compare_route(const Route& route) {
        Keys keys = keys_of_route(route.name);
        const Route* old = find_enabled(before_, route.name);
        if (old == nullptr) {
            add(RouteDifference::Kind::added, route.name, std::move(keys));
            return;
        }
        const Path path = Path() / "routes" / route.name;
        compare_hidden(old->from.properties, route.from.properties, path / "from" / "properties", keys);
        compare_hidden(old->to.properties, route.to.properties, path / "to" / "properties", keys);
        for (const std::string& name : clusters_of(route)) {
            append(keys, keys_of_cluster(name));
        }
        append(keys, of_all_routes_);
        if (keys.empty() && reads_else_ && reads_else_(before_, after_, route)) {
            keys.push_back((path / "from" / "topics").str());
        }
        if (!keys.empty()) {
            add(RouteDifference::Kind::changed, route.name, std::move(keys));
        }
    }

    Keys keys_of_route(const std::string& name) const { return keys_below("routes", name); }

    Keys keys_of_cluster(const std::string& name) const {
        Keys keys = keys_below("clusters", name);
        const Cluster* old = find_cluster(before_, name);
        const Cluster* now = find_cluster(after_, name);
        if (old != nullptr && now != nullptr) {
            const Path path = Path() / "clusters" / name;
            compare_hidden(old->properties, now->properties, path / "properties", keys);
            compare_hidden(old->secrets, now->secrets, path / "secrets", keys);
            compare_hidden(old->file_hashes, now->file_hashes, path / "properties", keys);
        }
        return keys;
    }

    Keys keys_below(std::string_view section, const std::string& name) const {
        Keys keys;
        compare(config::find(before_document_.find(section), name),
                config::find(after_document_.find(section), name), Path() / section / name, keys);
        return keys;
    }

    void add(RouteDifference::Kind kind, const std::string& route, Keys keys) {
        found_.routes.push_back({.kind = kind, .route = route, .keys = std::move(keys)});
    }

    const RoutingTable& before_;
    const RoutingTable& after_;
    const ReadsElse& reads_else_;
    const Node before_document_;
    const Node after_document_;
    Keys of_all_routes_;
    Difference found_;
};

}  // namespace

const RouteDifference* Difference::find(const std::string& route) const noexcept {
    const auto found = std::find_if(routes.begin(), routes.end(),
                                    [&](const RouteDifference& one) { return one.route == route; });
    return found == routes.end() ? nullptr : &*found;
}

Difference difference(const RoutingTable& before, const RoutingTable& after, const ReadsElse& reads_else) {
    return Comparison(before, after, reads_else).find();
}

RoutingTable keep_until_restart(const RoutingTable& before, RoutingTable after) {
    after.memory = before.memory;
    after.instance = before.instance;
    after.admin_listen = before.admin_listen;
    return after;
}

}  // namespace laterd::config
