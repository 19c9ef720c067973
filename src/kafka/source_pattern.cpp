#include "kafka/source_pattern.h"

#include "kafka/properties.h"

#include <regex.h>

#include <algorithm>
#include <iterator>

namespace laterd::kafka {

namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class Regex {
  public:
    explicit Regex(const std::string& pattern)
        : is_good_(regcomp(&compiled_, whole_pattern(pattern).c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
    ~Regex() {
        if (is_good_) {
            regfree(&compiled_);
        }
    }
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;

    bool matches(const std::string& name) const {
        return is_good_ && regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0;
    }

  private:
    regex_t compiled_{};
    bool is_good_;
};

}  // namespace

bool is_pattern(const std::string& topic) {
    return topic.starts_with('^');
}

Names own_topics(const config::Route& route) {
    Names own{route.retry.topic, route.wait_topic};
    std::erase(own, "");
    return own;
}

Names unwanted_topics(const config::RoutingTable& table, const config::Route& route) {
    const Names& sources = route.from.topics;
    Names names;
    if (std::none_of(sources.begin(), sources.end(), is_pattern)) {
        return names;
    }
    const Names own = own_topics(route);
    const auto add = [&](const std::string& topic) {
        if (!topic.empty() && !contains(sources, topic) && !contains(own, topic) && !contains(names, topic)) {
            names.push_back(topic);
        }
    };
    for (const config::Route& other : table.routes) {
        add(other.to.topic);
        add(other.retry.topic);
        add(other.wait_topic);
        if (other.dead_letter) {
            add(other.dead_letter->topic);
        }
    }
    return names;
}

Names matching(const Names& names, const std::string& pattern, const config::RoutingTable& table,
               const config::Route& route) {
    const Regex regex(pattern);
    const Names unwanted = unwanted_topics(table, route);
    const Names own = own_topics(route);
    Names found;
    std::copy_if(names.begin(), names.end(), std::back_inserter(found), [&](const std::string& name) {
        return regex.matches(name) && !contains(unwanted, name) && !contains(own, name);
    });
    return found;
}

bool reads_else(const config::RoutingTable& before, const config::RoutingTable& after,
                const config::Route& route) {
    Names names = unwanted_topics(before, route);
    const Names later = unwanted_topics(after, route);
    names.insert(names.end(), later.begin(), later.end());
    return std::any_of(route.from.topics.begin(), route.from.topics.end(), [&](const std::string& topic) {
        return is_pattern(topic) &&
               matching(names, topic, before, route) != matching(names, topic, after, route);
    });
}

}  // namespace laterd::kafka
