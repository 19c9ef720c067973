#include "cli/connect.h"

#include "kafka/admin.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace laterd::cli {

namespace {

using config::Path;
using config::Severity;
using kafka::TopicFacts;

constexpr std::chrono::milliseconds k_timeout{5'000};

Path at_route(const config::Route& route) {
    return Path() / "routes" / route.name;
}

// One look at the clusters of a table.
class Visit {
  public:
    explicit Visit(const config::RoutingTable& table) : table_(table) {}

    Connected make() {
        for (const config::Cluster& cluster : table_.clusters) {
            reach(cluster);
        }
        for (const config::Route& route : table_.routes) {
            if (route.enabled) {
                check(route);
            }
        }
        return std::move(connected_);
    }

  private:
    void add(Severity severity, const Path& path, std::string text) {
        connected_.findings.push_back({.severity = severity, .path = path, .text = std::move(text)});
    }

    void reach(const config::Cluster& cluster) {
        const Path path = Path() / "clusters" / cluster.name;
        try {
            auto admin = std::make_unique<kafka::Admin>(
                kafka::AdminSettings{.cluster = cluster, .name = "laterd-check"});
            const kafka::ClusterFacts facts = admin->cluster(k_timeout);
            if (!facts.authorised) {
                add(Severity::error, path,
                    fmt::format("the cluster refuses the client: {}; expected valid credentials",
                                facts.error));
            } else if (!facts.reachable) {
                connected_.unreachable = true;
                add(Severity::warning, path / "brokers",
                    fmt::format("no broker answers: {}; expected one that is up and can be reached from here",
                                facts.error));
            } else {
                admins_[cluster.name] = std::move(admin);
            }
        } catch (const std::exception& error) {
            add(Severity::error, path,
                fmt::format("{}; expected properties that make a client", error.what()));
        }
    }

    // nullopt: the cluster is away, which is said already.
    std::optional<TopicFacts> ask(const std::string& cluster, const std::string& topic, const Path& path) {
        const auto admin = admins_.find(cluster);
        if (admin == admins_.end()) {
            return std::nullopt;
        }
        TopicFacts facts = admin->second->topic(topic, k_timeout);
        switch (facts.state) {
            case TopicFacts::State::exists:
                return facts;
            case TopicFacts::State::missing:
                add(Severity::error, path,
                    fmt::format(
                        "topic \"{}\" does not exist on cluster {}; expected one: laterd creates no topics",
                        topic, cluster));
                return std::nullopt;
            case TopicFacts::State::not_authorised:
                add(Severity::error, path,
                    fmt::format(
                        "the client may not see topic \"{}\" on cluster {}: {}; expected Describe and "
                        "Read or Write for its principal",
                        topic, cluster, facts.error));
                return std::nullopt;
            case TopicFacts::State::unknown:
                add(Severity::warning, path,
                    fmt::format("cluster {} does not tell about topic \"{}\": {}", cluster, topic,
                                facts.error));
                return std::nullopt;
        }
        return std::nullopt;
    }

    void check(const config::Route& route) {
        const Path from = at_route(route) / "from";
        if (const auto admin = admins_.find(route.from.cluster); admin != admins_.end()) {
            if (admin->second->may_use_group(route.from.group, k_timeout) == false) {
                add(Severity::error, from / "group",
                    fmt::format("the client may not use group \"{}\"; expected Read on it",
                                route.from.group));
            }
        }
        const std::optional<TopicFacts> target =
            ask(route.to.cluster, route.to.topic, at_route(route) / "to" / "topic");
        if (target && target->compacted == true) {
            add(Severity::warning, at_route(route) / "to" / "topic",
                "the target is compacted: it refuses records without a key and keeps only the last of each "
                "key");
        }
        for (std::size_t i = 0; i < route.from.topics.size(); ++i) {
            if (!route.from.topics[i].starts_with('^')) {
                check_source(route, route.from.topics[i], (from / "topics")[i], target);
            }
        }
        if (route.dead_letter) {
            const Path path = at_route(route) / "dead_letter" / "topic";
            const auto facts = ask(route.dead_letter->cluster, route.dead_letter->topic, path);
            if (facts && facts->compacted == true) {
                add(Severity::error, path,
                    "a compacted topic loses dead letters; expected cleanup.policy delete");
            }
        }
    }

    void check_source(const config::Route& route, const std::string& topic, const Path& path,
                      const std::optional<TopicFacts>& target) {
        const std::optional<TopicFacts> source = ask(route.from.cluster, topic, path);
        if (!source) {
            return;
        }
        check_retention(route, *source, path);
        if (!target) {
            return;
        }
        if (route.to.partition == config::TargetPartition::same && target->partitions < source->partitions) {
            add(Severity::error, at_route(route) / "to" / "partition",
                fmt::format(
                    "the target has {} partitions and \"{}\" has {}; expected at least as many for `same`",
                    target->partitions, topic, source->partitions));
        }
        if (source->max_message_bytes && target->max_message_bytes &&
            *target->max_message_bytes < *source->max_message_bytes) {
            add(Severity::warning, at_route(route) / "to" / "topic",
                fmt::format("the target takes records up to {} bytes and \"{}\" up to {}: larger ones are {}",
                            *target->max_message_bytes, topic, *source->max_message_bytes,
                            route.dead_letter ? "dead-lettered" : "refused, and stop their partition"));
        }
    }

    void check_retention(const config::Route& route, const TopicFacts& source, const Path& path) {
        if (source.compacted == true) {
            add(Severity::warning, path,
                "a compacted source may lose a waiting record to a newer one of its key");
        }
        const bool limited =
            source.deletes.value_or(true) && source.retention_ms && *source.retention_ms >= 0;
        if (!limited) {
            return;
        }
        if (!route.due.uses_header() && *source.retention_ms <= route.due.delay.count()) {
            add(Severity::error, path,
                fmt::format(
                    "Kafka deletes records after {} ms, before they are due after {} ms; expected a longer "
                    "retention.ms",
                    *source.retention_ms, route.due.delay.count()));
        } else if (*source.retention_ms < route.due.max.count()) {
            add(Severity::warning, path,
                fmt::format("Kafka deletes records after {} ms, and due.max lets them wait {} ms",
                            *source.retention_ms, route.due.max.count()));
        }
    }

    const config::RoutingTable& table_;
    std::map<std::string, std::unique_ptr<kafka::Admin>> admins_;
    Connected connected_;
};

}  // namespace

Connected ask_clusters(const config::RoutingTable& table) {
    return Visit(table).make();
}

}  // namespace laterd::cli
