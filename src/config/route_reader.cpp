#include "config/route_reader.h"

#include "config/due_reader.h"
#include "config/handler_reader.h"
#include "config/near_miss.h"
#include "config/property.h"
#include "config/quote.h"
#include "config/retry_reader.h"
#include "config/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

namespace laterd::config {

namespace {

class RouteReader {
  public:
    RouteReader(const std::vector<std::string>& clusters, Findings& findings)
        : clusters_(clusters), findings_(findings) {}

    Route read(const Section& section, const std::string& name) {
        Route route;
        route.name = name;
        route.from = read_from(section / "from");
        route.due = read_due_rule(section, findings_);
        route.order = read_order(section, route.due);
        route.wait_topic = (section / "wait").text("topic").value_or("");
        if ((section / "to").has("handler")) {
            route.handler = read_handler(section, findings_);
        } else {
            route.to = read_to(section / "to");
        }
        route.retry = read_retry(section, findings_);
        check_wait(section, route);
        route.dead_letter = read_dead_letter(section);
        route.workers = static_cast<int>(section.integer("workers").value_or(1));
        route.enabled = section.boolean("enabled").value_or(true);
        return route;
    }

  private:
    From read_from(const Section& section) {
        From from;
        from.cluster = read_cluster(section);
        from.topics = read_topics(section);
        from.group = section.text("group").value_or("");
        if (const auto word = section.text("start")) {
            from.start = from_word(k_start_words, *word);
        }
        if (const auto word = section.text("out_of_range")) {
            from.out_of_range = from_word(k_out_of_range_words, *word);
        }
        from.properties = read_properties(section / "properties", findings_);
        return from;
    }

    std::vector<std::string> read_topics(const Section& section) {
        std::vector<std::string> topics;
        for (const Section::Item& item : section.items("topics")) {
            if (std::find(topics.begin(), topics.end(), item.text) != topics.end()) {
                findings_.error((section.path() / "topics")[item.index],
                                fmt::format("{} is listed twice; expected it once", quote(item.text)));
                continue;
            }
            topics.push_back(item.text);
        }
        return topics;
    }

    TopicSink read_to(const Section& section) {
        TopicSink to;
        to.cluster = read_cluster(section);
        to.topic = section.text("topic").value_or("");
        if (const auto word = section.text("partition")) {
            to.partition = from_word(k_partition_words, *word);
        }
        if (const auto word = section.text("timestamp")) {
            to.timestamp = from_word(k_timestamp_words, *word);
        }
        to.properties = read_properties(section / "properties", findings_);
        return to;
    }

    std::optional<DeadLetter> read_dead_letter(const Section& route) {
        if (!route.has("dead_letter")) {
            return std::nullopt;
        }
        const Section section = route / "dead_letter";
        return DeadLetter{.cluster = read_cluster(section),
                          .topic = section.text("topic").value_or(""),
                          .guard = read_guard(section)};
    }

    // 0 for `off`.
    static int read_guard(const Section& dead_letter) {
        if (dead_letter.text("guard") == "off") {
            return 0;
        }
        return static_cast<int>(dead_letter.integer("guard").value_or(DeadLetter{}.guard));
    }

    static Order read_order(const Section& route, const core::DueRule& due) {
        if (const auto word = route.text("order")) {
            return from_word(k_order_words, *word);
        }
        return due.uses_header() ? Order::due : Order::partition;
    }

    // Empty when it cannot be known.
    std::string read_cluster(const Section& section) {
        if (!section.is_usable() || clusters_.empty()) {
            return {};
        }
        const Path path = section.path() / "cluster";
        if (!section.has("cluster")) {
            if (clusters_.size() == 1) {
                return clusters_.front();
            }
            findings_.error(path, fmt::format("missing, and there are several; expected one of {}",
                                              fmt::join(clusters_, ", ")));
            return {};
        }
        const std::optional<std::string> name = section.text("cluster");
        if (name && std::find(clusters_.begin(), clusters_.end(), *name) == clusters_.end()) {
            findings_.error(path,
                            fmt::format("{} is no cluster of this file; expected one of {}{}", quote(*name),
                                        fmt::join(clusters_, ", "), did_you_mean(*name, clusters_)));
            return {};
        }
        return name.value_or("");
    }

    // Behind a head that waits nothing can be released early, so a route in partition order leaves its sources
    // where they are; only its retry records go round.
    void check_wait(const Section& section, const Route& route) {
        if (section.has("wait") && !section.is_broken("order") && route.order == Order::partition &&
            !route.retry.policy.has_topic) {
            findings_.error(
                section.path() / "wait",
                "in the order of the partition no record goes round, and there is no retry topic; "
                "expected order: due, or no wait");
        }
    }

    const std::vector<std::string>& clusters_;
    Findings& findings_;
};

}  // namespace

std::vector<Route> read_routes(const Section& root, Findings& findings) {
    const std::vector<std::string> clusters = (root / "clusters").names();
    const Section all = root / "routes";
    RouteReader reader(clusters, findings);
    std::vector<Route> routes;
    for (const std::string& name : all.names()) {
        if (const Section section = all / name; section.is_usable()) {
            routes.push_back(reader.read(section, name));
        }
    }
    return routes;
}

}  // namespace laterd::config
