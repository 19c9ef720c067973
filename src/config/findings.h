// Collects the findings about one document; knows the place of every path in it.
#pragma once

#include "config/finding.h"
#include "config/path.h"
#include "config/places.h"

#include <string>
#include <utility>
#include <vector>

namespace laterd::config {

class Findings {
  public:
    // From now on paths are looked up here.
    void locate_by(Places places) { places_ = std::move(places); }
    const Places& places() const noexcept { return places_; }

    void error(const Path& path, std::string text);
    void warn(const Path& path, std::string text);

    void error_at(Place place, const Path& path, std::string text);

    bool has_error() const;

    // In the order of the file, each once.
    std::vector<Finding> take() { return std::move(findings_); }

  private:
    void add(Severity severity, Place place, const Path& path, std::string text);

    Places places_;
    std::vector<Finding> findings_;
    bool is_full_ = false;  // a file that is no routing table at all would fill the screen
};

}  // namespace laterd::config
