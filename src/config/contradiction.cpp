#include "config/contradiction.h"

#include "config/quantity.h"
#include "config/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace laterd::config {

namespace {

// A topic that a route writes, and the key that says so.
struct Written {
    std::string_view key;
    std::string cluster;
    std::string topic;

    bool is_known() const { return !cluster.empty() && !topic.empty(); }
};

std::vector<Written> written_by(const Route& route) {
    std::vector<Written> written{{"to", route.to.cluster, route.to.topic}};
    if (route.dead_letter) {
        written.push_back({"dead_letter", route.dead_letter->cluster, route.dead_letter->topic});
    }
    return written;
}

// By name: a regex never matches a topic that this file writes, so it closes no circle.
bool reads(const Route& route, const Written& written) {
    return written.is_known() && route.from.cluster == written.cluster &&
           std::find(route.from.topics.begin(), route.from.topics.end(), written.topic) !=
               route.from.topics.end();
}

// One step of a circle: route `from` writes what route `to` reads.
struct Step {
    std::size_t from;
    std::size_t to;
    Written written;
};

class Circles {
  public:
    explicit Circles(const std::vector<Route>& routes) : routes_(routes) {}

    // The shortest way from a route back to itself over routes below it in the file; a circle is thus found
    // once, at its first route.
    std::vector<Step> back_to(std::size_t start) const {
        std::map<std::size_t, Step> came_by;
        std::queue<std::size_t> next({start});
        while (!next.empty()) {
            const std::size_t at = next.front();
            next.pop();
            for (const Step& step : steps_from(at, start)) {
                if (step.to == start) {
                    return way(came_by, start, step);
                }
                if (came_by.emplace(step.to, step).second) {
                    next.push(step.to);
                }
            }
        }
        return {};
    }

  private:
    std::vector<Step> steps_from(std::size_t at, std::size_t first) const {
        std::vector<Step> steps;
        for (const Written& written : written_by(routes_[at])) {
            for (std::size_t to = first; to < routes_.size(); ++to) {
                if (to != at && reads(routes_[to], written)) {
                    steps.push_back({at, to, written});
                }
            }
        }
        return steps;
    }

    static std::vector<Step> way(const std::map<std::size_t, Step>& came_by, std::size_t start,
                                 const Step& last) {
        std::vector<Step> steps{last};
        while (steps.back().from != start) {
            steps.push_back(came_by.at(steps.back().from));
        }
        std::reverse(steps.begin(), steps.end());
        return steps;
    }

    const std::vector<Route>& routes_;
};

class Contradictions {
  public:
    Contradictions(const RoutingTable& table, const Section& root, Findings& findings)
        : table_(table), routes_((root / "routes").path()), root_(root), findings_(findings) {}

    void find() {
        find_shared_groups();
        for (const Route& route : table_.routes) {
            check_written(route);
        }
        find_circles();
        check_memory();
        find_idle();
        find_shared_brokers();
    }

  private:
    Path path_of(const Route& route) const { return routes_ / route.name; }

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
        for (const Written& written : written_by(route)) {
            if (reads(route, written)) {
                findings_.error(path_of(route) / written.key / "topic",
                                fmt::format("{} is a source of the same route; expected another topic",
                                            quote(written.topic)));
            }
        }
        if (route.dead_letter && !route.to.topic.empty() && route.dead_letter->topic == route.to.topic &&
            route.dead_letter->cluster == route.to.cluster) {
            findings_.error(
                path_of(route) / "dead_letter" / "topic",
                fmt::format("{} is the target too; expected another topic", quote(route.to.topic)));
        }
    }

    void find_circles() {
        const Circles circles(table_.routes);
        for (std::size_t i = 0; i < table_.routes.size(); ++i) {
            if (const std::vector<Step> circle = circles.back_to(i); !circle.empty()) {
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
        findings_.error(path_of(table_.routes[first.from]) / first.written.key / "topic",
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
