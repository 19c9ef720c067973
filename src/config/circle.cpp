#include "config/circle.h"

#include <algorithm>
#include <map>
#include <queue>

namespace laterd::config {

namespace {

std::vector<Step> steps_from(const std::vector<Route>& routes, std::size_t at, std::size_t first) {
    std::vector<Step> steps;
    for (const Written& written : written_by(routes[at])) {
        for (std::size_t to = first; to < routes.size(); ++to) {
            if (to != at && !written.is_own && find_source(routes[to], written)) {
                steps.push_back({at, to, written});
            }
        }
    }
    return steps;
}

std::vector<Step> way(const std::map<std::size_t, Step>& came_by, std::size_t start, const Step& last) {
    std::vector<Step> steps{last};
    while (steps.back().from != start) {
        steps.push_back(came_by.at(steps.back().from));
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
}

}  // namespace

std::vector<Step> find_circle(const std::vector<Route>& routes, std::size_t start) {
    std::map<std::size_t, Step> came_by;
    std::queue<std::size_t> next({start});
    while (!next.empty()) {
        const std::size_t at = next.front();
        next.pop();
        for (const Step& step : steps_from(routes, at, start)) {
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

}  // namespace laterd::config
