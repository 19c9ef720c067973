// What the settings of a route's topics allow: read at start, hourly, and sooner while something is wrong. One worker's;
// what is wrong is told by the first one.
//
// Whoever cannot be asked (no permission for DescribeConfigs) is not known, and nothing is forbidden for that. What was
// known stays until it is known better.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "config/routing_table.h"
#include "core/counters.h"
#include "core/reason.h"
#include "core/time.h"
#include "runtime/intake.h"
#include "runtime/reach.h"
#include "runtime/topic_rules.h"

namespace laterd::runtime {

class TopicWatch {
  public:
    // Both outlive it. Sets the counters' retention margins.
    TopicWatch(const config::Route& route, int worker, core::Counters& counters) noexcept
        : route_(route), worker_(worker), counters_(counters) {}

    // Takes what was found, and logs what is new about it.
    void found(const Reached& reached, core::SteadyTime now);

    // When it has to be found out again.
    core::SteadyTime again_at() const noexcept { return again_at_; }
    // The consumer was given a partition of this topic.
    void reads(std::string_view topic, core::SteadyTime now);

    // A topic that was missing the last time has come: the consumer does not know of it yet. True once.
    bool take_appeared() noexcept;

    // Reason::none, or why nothing may be released: a retry, waiting or dead-letter topic is compacted.
    core::Reason unfit() const noexcept { return unfit_; }

    // How long the sources keep what waits in them; empty where records that are far away leave them.
    Intake::Kept kept_sources() const;
    // How many of the waiting topic's partitions may be used as laps.
    std::int32_t laps(std::int32_t partitions) const;
    // The longest wait between two attempts; nullopt: any.
    std::optional<core::Milliseconds> retry_kept() const;

  private:
    using Place =
        std::pair<TopicUse,
                  std::string>;  // a topic may be used twice, as dead letters of several routes, say

    const FoundTopic* find(TopicUse use) const;
    std::optional<core::Milliseconds> kept(TopicUse use) const;
    bool goes_round() const;
    void take(const FoundTopic& topic);
    void judge();
    void tell(const FoundTopic& topic);
    Judgement fit_of(const FoundTopic& written) const;
    void measure();

    const config::Route& route_;
    const int worker_;
    core::Counters& counters_;
    std::map<Place, FoundTopic> topics_;
    std::set<std::string> said_;
    core::SteadyTime again_at_{};
    core::Reason unfit_ = core::Reason::none;
    bool appeared_ = false;
};

}  // namespace laterd::runtime
