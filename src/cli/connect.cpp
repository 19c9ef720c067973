#include "cli/connect.h"

#include "cli/handler_rule.h"
#include "kafka/admin.h"
#include "kafka/source_pattern.h"
#include "runtime/topic_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace laterd::cli {

namespace {

using config::Path;
using config::Severity;
using kafka::TopicFacts;
using runtime::Judgement;
using runtime::TopicUse;

constexpr std::chrono::milliseconds k_timeout{5'000};

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

    template <typename Findings>
    void add(Findings findings) {
        for (auto& finding : findings) {
            add(finding.severity, finding.path, std::move(finding.text));
        }
    }

    // In the words that `run` has for it.
    std::string refusal(const kafka::Trouble& trouble, const std::string& cluster,
                        const std::string& error) const {
        return fmt::format("{} (cluster {}, principal {}: {}); {}", trouble.what, cluster,
                           kafka::principal_of(table_.cluster(cluster)), error, trouble.hint);
    }

    void reach(const config::Cluster& cluster) {
        const Path path = Path() / "clusters" / cluster.name;
        try {
            auto admin = std::make_unique<kafka::Admin>(
                kafka::AdminSettings{.cluster = cluster, .name = "laterd-check"});
            const kafka::ClusterFacts facts = admin->cluster(k_timeout);
            if (!facts.authorised) {
                add(Severity::error, path, refusal(facts.trouble, cluster.name, facts.error));
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
                    fmt::format("topic \"{}\": {}", topic, refusal(facts.trouble, cluster, facts.error)));
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
        check_group(route);
        if (route.handler) {
            add(judge_handler(route));
        }
        check_sources(route, ask_written(route));
    }

    // The topics that the route writes, as far as they are there.
    using Written = std::vector<std::pair<TopicUse, TopicFacts>>;

    Written ask_written(const config::Route& route) {
        Written written;
        const auto take = [&](TopicUse use, const std::string& cluster, const std::string& topic,
                              const char* key, Judgement (*judge)(const config::Route&, const TopicFacts&)) {
            if (auto facts = ask(cluster, topic, runtime::path_of(route) / key / "topic")) {
                add(judge(route, *facts));
                written.emplace_back(use, *std::move(facts));
            }
        };
        if (!route.handler) {
            take(TopicUse::target, route.to.cluster, route.to.topic, "to", runtime::judge_target);
        }
        if (route.retry.policy.has_topic) {
            take(TopicUse::retry, route.from.cluster, route.retry.topic, "retry", runtime::judge_retry);
        }
        if (!route.wait_topic.empty()) {
            take(TopicUse::waiting, route.from.cluster, route.wait_topic, "wait", runtime::judge_waiting);
        }
        if (route.dead_letter) {
            take(TopicUse::dead_letter, route.dead_letter->cluster, route.dead_letter->topic, "dead_letter",
                 runtime::judge_dead_letter);
        }
        return written;
    }

    void check_group(const config::Route& route) {
        const auto admin = admins_.find(route.from.cluster);
        if (admin != admins_.end() && admin->second->may_use_group(route.from.group, k_timeout) == false) {
            add(Severity::error, runtime::path_of(route) / "from" / "group",
                fmt::format("group \"{}\": {}", route.from.group,
                            refusal(kafka::trouble_of(kafka::k_group_refused, {}), route.from.cluster,
                                    kafka::describe(kafka::k_group_refused))));
        }
    }

    void check_sources(const config::Route& route, const Written& written) {
        for (std::size_t i = 0; i < route.from.topics.size(); ++i) {
            const std::string& topic = route.from.topics[i];
            if (kafka::is_pattern(topic)) {
                check_pattern(route, i, written);
            } else {
                check_source(route, i, topic, written);
            }
        }
    }

    // All that matches now.
    void check_pattern(const config::Route& route, std::size_t number, const Written& written) {
        const auto admin = admins_.find(route.from.cluster);
        if (admin == admins_.end()) {
            return;
        }
        const Path path = (runtime::path_of(route) / "from" / "topics")[number];
        const auto names = admin->second->topics(k_timeout);
        if (!names) {
            add(Severity::warning, path,
                fmt::format("cluster {} does not tell which topics it has", route.from.cluster));
            return;
        }
        const auto topics = kafka::matching(*names, route.from.topics[number], table_, route);
        if (topics.empty()) {
            add(Severity::warning, path,
                fmt::format("no topic on cluster {} matches now; those that come later are read",
                            route.from.cluster));
        }
        for (const std::string& topic : topics) {
            check_source(route, number, topic, written);
        }
    }

    // `number`: which of the route's source topics it is, or which regex matches it.
    void check_source(const config::Route& route, std::size_t number, const std::string& topic,
                      const Written& written) {
        const auto source =
            ask(route.from.cluster, topic, (runtime::path_of(route) / "from" / "topics")[number]);
        if (!source) {
            return;
        }
        Judgement judgement = runtime::judge_source(route, number, *source);
        if (topic != route.from.topics[number]) {
            for (runtime::TopicFinding& finding : judgement) {
                finding.text = fmt::format("\"{}\": {}", topic, finding.text);
            }
        }
        add(std::move(judgement));
        for (const auto& [use, facts] : written) {
            add(runtime::judge_fit(route, topic, *source, use, facts));
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
