#include "config/contradiction.h"

#include "config/circle.h"
#include "config/quantity.h"
#include "config/quote.h"
#include "config/written.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace laterd::config {

namespace {

class Contradictions {
  public:
    Contradictions(const RoutingTable& table, const Section& root, Findings& findings)
        : table_(table), routes_((root / "routes").path()), root_(root), findings_(findings) {}

    void find() {
        find_shared_groups();
        for (const Route& route : table_.routes) {
            check_written(route);
        }
        find_shared_topics();
        find_circles();
        check_memory();
        find_idle();
        find_shared_brokers();
    }

  private:
    Path path_of(const Route& route) const { return routes_ / route.name; }
    Path path_of(const Route& route, const Written& written) const {
        return path_of(route) / written.key / "topic";
    }

    void find_shared_groups() {
        std::map<std::pair<std::string, std::string>, std::string> owners;
        for (const Route& route : table_.routes) {
            if (route.from.group.empty() || route.from.cluster.empty()) {
                continue;
            }
            const auto [owner, is_first] =
                owners.emplace(std::pair(route.from.cluster, route.from.group), route.name);
            if (!is_first) {
                findings_.error(path_of(route) / "from" / "group",
                                fmt::format("{} is the group of route {} too; expected one of its own",
                                            quote(route.from.group), quote(owner->second)));
            }
        }
    }

    void check_written(const Route& route) {
        const std::vector<Written> all = written_by(route);
        for (auto one = all.begin(); one != all.end(); ++one) {
            if (find_source(route, *one)) {
                findings_.error(path_of(route, *one),
                                fmt::format("{} is a source of the same route; expected another topic",
                                            quote(one->topic)));
            }
            const auto twin = std::find_if(all.begin(), one,
                                           [&](const Written& other) { return one->is_same_topic(other); });
            if (twin != one) {
                findings_.error(path_of(route, *one), fmt::format("{} is the {} too; expected another topic",
                                                                  quote(one->topic), twin->what));
            }
        }
    }

    // A stranger's records in a retry or waiting topic would be delivered by its route, and a stranger would
    // deliver those of the route.
    void find_shared_topics() {
        for (const Route& owner : table_.routes) {
            for (const Written& own : written_by(owner)) {
                if (own.is_own) {
                    find_strangers(owner, own);
                }
            }
        }
    }

    void find_strangers(const Route& owner, const Written& own) {
        const std::string what =
            fmt::format("{} is the {} of route {}", quote(own.topic), own.what, quote(owner.name));
        for (const Route& route : table_.routes) {
            if (&route == &owner) {
                continue;
            }
            if (const auto source = find_source(route, own)) {
                findings_.error((path_of(route) / "from" / "topics")[*source],
                                what + ", which alone may read it; expected another topic");
            }
            for (const Written& other : written_by(route)) {
                // Of two owners the later one in the file is told.
                if (other.is_same_topic(own) && (!other.is_own || &route > &owner)) {
                    findings_.error(path_of(route, other), what + "; expected another topic");
                }
            }
        }
    }

    void find_circles() {
        for (std::size_t i = 0; i < table_.routes.size(); ++i) {
            if (const std::vector<Step> circle = find_circle(table_.routes, i); !circle.empty()) {
                report_circle(circle);
            }
        }
    }

    void report_circle(const std::vector<Step>& circle) {
        std::string text = "a record would go round for ever: ";
        for (const Step& step : circle) {
            text += fmt::format("route {} {}writes {}, ", quote(table_.routes[step.from].name),
                                &step == &circle.front() ? "" : "reads it and ", quote(step.written.topic));
        }
        text += fmt::format("route {} reads it", quote(table_.routes[circle.back().to].name));
        const Step& first = circle.front();
        findings_.error(path_of(table_.routes[first.from], first.written),
                        text + "; expected a topic that leads nowhere back");
    }

    void check_memory() {
        const std::uint64_t floor =
            k_memory_floor_per_worker * static_cast<std::uint64_t>(std::max(table_.workers(), 1));
        const bool is_known = !(root_ / "limits").is_broken("memory") && !root_.is_broken("limits");
        if (is_known && table_.memory < floor) {
            findings_.error(
                (root_ / "limits").path() / "memory",
                fmt::format("{} is too little for {} workers in all; expected at least {}",
                            format_size(table_.memory), std::max(table_.workers(), 1), format_size(floor)));
        }
    }

    void find_idle() {
        if (!table_.routes.empty() && std::none_of(table_.routes.begin(), table_.routes.end(),
                                                   [](const Route& route) { return route.enabled; })) {
            findings_.warn(routes_, "no route is enabled, so there is nothing to do");
        }
        std::set<std::string> used;
        for (const Route& route : table_.routes) {
            used.insert(route.from.cluster);
            used.insert(route.to.cluster);
            used.insert(route.dead_letter ? route.dead_letter->cluster : "");
        }
        for (const Cluster& cluster : table_.clusters) {
            if (table_.clusters.size() > 1 && !used.contains(cluster.name) && !findings_.has_error()) {
                findings_.warn((root_ / "clusters").path() / cluster.name, "no route uses this cluster");
            }
        }
    }

    // Groups and circles are compared by the names of clusters, and one cluster may have two.
    void find_shared_brokers() {
        std::map<std::string, std::string> owners;
        for (const Cluster& cluster : table_.clusters) {
            for (const std::string& broker : cluster.brokers) {
                const auto [owner, is_first] = owners.emplace(broker, cluster.name);
                if (!is_first) {
                    findings_.warn(
                        (root_ / "clusters").path() / cluster.name / "brokers",
                        fmt::format(
                            "{} is a broker of cluster {} too; groups and circles that the two share are "
                            "not noticed",
                            quote(broker), quote(owner->second)));
                    break;
                }
            }
        }
    }

    const RoutingTable& table_;
    Path routes_;
    const Section& root_;
    Findings& findings_;
};

}  // namespace

void find_contradictions(const RoutingTable& table, const Section& root, Findings& findings) {
    Contradictions(table, root, findings).find();
}

}  // namespace laterd::config
