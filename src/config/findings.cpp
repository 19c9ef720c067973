#include "config/findings.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace laterd::config {

namespace {

constexpr std::size_t k_most = 1'000;

}  // namespace

void Findings::error(const Path& path, std::string text) {
    add(Severity::error, place_of(path), path, std::move(text));
}

void Findings::warn(const Path& path, std::string text) {
    add(Severity::warning, place_of(path), path, std::move(text));
}

void Findings::error_at(Place place, const Path& path, std::string text) {
    add(Severity::error, place, path, std::move(text));
}

bool Findings::has_error() const {
    return config::has_error(findings_);
}

std::vector<Finding> Findings::take() {
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.place < b.place; });
    return std::move(findings_);
}

Place Findings::place_of(const Path& path) const {
    Place place{1, 1};
    const Node* node = root_;
    for (const Path::Step& step : path.steps()) {
        if (node == nullptr) {
            break;
        }
        if (step.is_index) {
            if (step.index >= node->items.size()) {
                break;
            }
            node = &node->items[step.index];
            place = node->place;
            continue;
        }
        auto entry = std::find_if(node->entries.begin(), node->entries.end(),
                                  [&](const Entry& e) { return e.key == step.key; });
        if (entry == node->entries.end()) {
            break;
        }
        node = &entry->value;
        place = node->kind == Node::Kind::scalar ? node->place : entry->place;
    }
    return place;
}

void Findings::add(Severity severity, Place place, const Path& path, std::string text) {
    if (is_full_) {
        return;
    }
    if (findings_.size() == k_most) {
        is_full_ = true;
        findings_.push_back({.text = "more than 1000 problems; the others are not shown"});
        return;
    }
    Finding finding{.severity = severity, .place = place, .path = path.str(), .text = std::move(text)};
    if (std::find(findings_.begin(), findings_.end(), finding) == findings_.end()) {
        findings_.push_back(std::move(finding));
    }
}

}  // namespace laterd::config
