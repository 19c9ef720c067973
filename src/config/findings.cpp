#include "config/findings.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace laterd::config {

namespace {

constexpr std::size_t k_most = 1'000;

}  // namespace

void Findings::error(const Path& path, std::string text) {
    add(Severity::error, places_.of(path), path, std::move(text));
}

void Findings::warn(const Path& path, std::string text) {
    add(Severity::warning, places_.of(path), path, std::move(text));
}

void Findings::error_at(Place place, const Path& path, std::string text) {
    add(Severity::error, place, path, std::move(text));
}

bool Findings::has_error() const {
    return config::has_error(findings_);
}

void Findings::add(Severity severity, Place place, const Path& path, std::string text) {
    if (is_full_) {
        return;
    }
    if (findings_.size() == k_most) {
        is_full_ = true;
        findings_.insert(findings_.begin(), {.text = "more than 1000 problems; the others are not shown"});
        return;
    }
    Finding finding{.severity = severity, .place = place, .path = path.str(), .text = std::move(text)};
    if (std::find(findings_.begin(), findings_.end(), finding) == findings_.end()) {
        // After those of the same place, in the order of their finding.
        const auto after = std::upper_bound(findings_.begin(), findings_.end(), finding.place,
                                            [](Place at, const Finding& other) { return at < other.place; });
        findings_.insert(after, std::move(finding));
    }
}

}  // namespace laterd::config
