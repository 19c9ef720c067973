#include "config/finding.h"

#include <fmt/format.h>

#include <algorithm>

namespace laterd::config {

bool has_error(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& f) { return f.severity == Severity::error; });
}

std::string describe(const std::string& file, const Finding& finding) {
    std::string line = file;
    if (finding.place.line > 0) {
        line += fmt::format(":{}:{}", finding.place.line, finding.place.column);
    }
    line += ": ";
    if (!finding.path.empty()) {
        line += finding.path + ": ";
    }
    return line + (finding.severity == Severity::warning ? "warning: " : "") + finding.text;
}

}  // namespace laterd::config
