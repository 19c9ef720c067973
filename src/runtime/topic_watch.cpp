#include "runtime/topic_watch.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/lap.h"
#include "core/retention.h"
#include "log/log.h"

namespace laterd::runtime {

namespace {

using kafka::TopicFacts;

constexpr std::chrono::hours k_interval{1};
// While a topic is missing, or a cluster does not answer.
constexpr std::chrono::seconds k_interval_missing{30};
// While the route holds for one.
constexpr std::chrono::seconds k_interval_unfit{5};

bool exists(const FoundTopic& topic) noexcept {
    return topic.facts.state == TopicFacts::State::exists;
}

bool is_told(const TopicFacts& facts) noexcept {
    return facts.retention_ms || facts.compacted;
}

// Where what is compacted is lost: records that wait, or that were given up.
bool must_keep_all(TopicUse use) noexcept {
    return use == TopicUse::retry || use == TopicUse::waiting || use == TopicUse::dead_letter;
}

bool is_read(TopicUse use) noexcept {
    return use == TopicUse::source || use == TopicUse::retry || use == TopicUse::waiting;
}

Judgement judge_topic(const config::Route& route, const FoundTopic& topic) {
    switch (topic.use) {
        case TopicUse::source:
            return judge_source(route, topic.number, topic.facts);
        case TopicUse::retry:
            return judge_retry(route, topic.facts);
        case TopicUse::waiting:
            return judge_waiting(route, topic.facts);
        case TopicUse::dead_letter:
            return judge_dead_letter(route, topic.facts);
        case TopicUse::target:
            return judge_target(route, topic.facts);
    }
    return {};
}

core::Milliseconds longest_stay(const config::Route& route, const FoundTopic& topic) {
    switch (topic.use) {
        case TopicUse::retry:
            return longest_stay_in_retry(route);
        case TopicUse::waiting:
            return longest_stay_in_waiting(route, topic.facts);
        default:
            return longest_stay_in_source(route);
    }
}

core::Role role_of(TopicUse use) noexcept {
    return use == TopicUse::retry     ? core::Role::retry
           : use == TopicUse::waiting ? core::Role::waiting
                                      : core::Role::source;
}

}  // namespace

void TopicWatch::found(const Reached& reached, core::SteadyTime now) {
    for (const FoundTopic& topic : reached.topics) {
        take(topic);
    }
    judge();
    measure();
    const bool is_incomplete =
        !reached.ok ||
        std::any_of(topics_.begin(), topics_.end(), [](const auto& entry) { return !exists(entry.second); });
    if (unfit_ != core::Reason::none) {
        again_at_ = now + k_interval_unfit;
    } else if (is_incomplete) {
        again_at_ = now + k_interval_missing;
    } else {
        again_at_ = now + k_interval;
    }
}

void TopicWatch::take(const FoundTopic& topic) {
    const auto [known, is_new] = topics_.try_emplace({topic.use, topic.name}, topic);
    if (is_new) {
        return;
    }
    const FoundTopic before = std::exchange(known->second, topic);
    appeared_ = appeared_ || (is_read(topic.use) && !exists(before) && exists(topic));
    if (!is_told(topic.facts) && is_told(before.facts) && topic.facts.state != TopicFacts::State::missing) {
        known->second.facts = before.facts;
    }
}

void TopicWatch::reads(std::string_view topic, core::SteadyTime now) {
    const bool is_known = std::any_of(topics_.begin(), topics_.end(), [&](const auto& entry) {
        return entry.second.name == topic && exists(entry.second);
    });
    if (!is_known) {
        again_at_ = now;
    }
}

bool TopicWatch::take_appeared() noexcept {
    return std::exchange(appeared_, false);
}

void TopicWatch::judge() {
    const core::Reason before = std::exchange(unfit_, core::Reason::none);
    const FoundTopic* cause = nullptr;
    for (const auto& [place, topic] : topics_) {
        if (must_keep_all(topic.use) && topic.facts.compacted == true) {
            unfit_ = core::Reason::compacted;
            cause = cause == nullptr ? &topic : cause;
        }
        tell(topic);
    }
    if (cause != nullptr && before == core::Reason::none) {
        log::error(
            "route holding",
            {{"route", route_.name},
             {"worker", worker_},
             {"topic", cause->name},
             {"reason", core::to_string(unfit_)},
             {"hint",
              "compaction would delete what waits there or was given up; set cleanup.policy to delete, "
              "and it goes on by itself"}});
    } else if (cause == nullptr && before != core::Reason::none) {
        log::info("route running", {{"route", route_.name}, {"worker", worker_}});
    }
}

// Each thing once, until it has ended.
void TopicWatch::tell(const FoundTopic& topic) {
    if (worker_ != 1 || !exists(topic)) {
        return;
    }
    std::set<std::string> now;
    const auto say = [&](log::Level level, const char* event, const std::string& problem) {
        const std::string key = topic.name + ": " + problem;
        now.insert(key);
        if (!said_.contains(key)) {
            log::write(level, event, {{"route", route_.name}, {"topic", topic.name}, {"problem", problem}});
        }
    };
    if (!is_told(topic.facts)) {
        say(log::Level::warn, "topic settings not known",
            "the broker does not tell them (DescribeConfigs on the topic?), so whether it keeps what waits "
            "is not known");
    } else {
        Judgement judgement = judge_topic(route_, topic);
        Judgement fit = fit_of(topic);
        std::move(fit.begin(), fit.end(), std::back_inserter(judgement));
        for (const TopicFinding& finding : judgement) {
            say(finding.severity == config::Severity::error ? log::Level::error : log::Level::warn,
                "topic settings", finding.text);
        }
    }
    std::erase_if(said_, [&](const std::string& key) { return key.starts_with(topic.name + ": "); });
    said_.merge(now);
}

// By the first source that does not fit: a regex may stand for a thousand.
Judgement TopicWatch::fit_of(const FoundTopic& written) const {
    if (written.use == TopicUse::source) {
        return {};
    }
    for (const auto& [place, source] : topics_) {
        if (source.use != TopicUse::source || !exists(source)) {
            continue;
        }
        Judgement judgement = judge_fit(route_, source.name, source.facts, written.use, written.facts);
        if (!judgement.empty()) {
            return judgement;
        }
    }
    return {};
}

void TopicWatch::measure() {
    std::array<std::optional<core::Milliseconds>, 3> smallest;
    for (const auto& [place, topic] : topics_) {
        const std::optional<core::Milliseconds> kept = keeps(topic.facts);
        if (!is_read(topic.use) || !exists(topic) || !kept) {
            continue;
        }
        const core::Milliseconds margin = *kept - longest_stay(route_, topic);
        auto& known = smallest[static_cast<std::size_t>(role_of(topic.use))];
        known = known ? std::min(*known, margin) : margin;
    }
    for (std::size_t role = 0; role < smallest.size(); ++role) {
        counters_.retention_margin[role].set(smallest[role]);
    }
}

const FoundTopic* TopicWatch::find(TopicUse use) const {
    const auto found = std::find_if(topics_.begin(), topics_.end(),
                                    [use](const auto& entry) { return entry.first.first == use; });
    return found != topics_.end() && exists(found->second) ? &found->second : nullptr;
}

std::optional<core::Milliseconds> TopicWatch::kept(TopicUse use) const {
    const FoundTopic* topic = find(use);
    return topic != nullptr ? keeps(topic->facts) : std::nullopt;
}

// A waiting topic that is missing is waited for; one that keeps no lap whole is none.
bool TopicWatch::goes_round() const {
    return !route_.wait_topic.empty() && core::laps_kept(1, kept(TopicUse::waiting)) > 0;
}

Intake::Kept TopicWatch::kept_sources() const {
    Intake::Kept all;
    if (route_.order == config::Order::due && goes_round()) {
        return all;
    }
    for (const auto& [place, topic] : topics_) {
        if (const auto kept = keeps(topic.facts); kept && topic.use == TopicUse::source) {
            all.emplace(topic.name, *kept);
        }
    }
    return all;
}

std::int32_t TopicWatch::laps(std::int32_t partitions) const {
    return core::laps_kept(partitions, kept(TopicUse::waiting));
}

std::optional<core::Milliseconds> TopicWatch::retry_kept() const {
    const std::optional<core::Milliseconds> kept_there = kept(TopicUse::retry);
    if (!kept_there || goes_round()) {
        return std::nullopt;
    }
    return *kept_there - core::retention_margin(*kept_there);
}

}  // namespace laterd::runtime
