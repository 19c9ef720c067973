// Collects the findings about one document; knows the place of every path in it.
#pragma once

#include <string>
#include <vector>

#include "config/finding.h"
#include "config/node.h"
#include "config/path.h"

namespace laterd::config {

class Findings {
  public:
    // From now on places come from this document, which must outlive the calls of `error` and `warn`.
    void locate_in(const Node& root) { root_ = &root; }

    // At the place of the value; of a map or list: of its key; of a missing one: of the nearest key around it.
    void error(const Path& path, std::string text);
    void warn(const Path& path, std::string text);

    void error_at(Place place, const Path& path, std::string text);

    bool has_error() const;

    // In the order of the file, each once.
    std::vector<Finding> take();

  private:
    Place place_of(const Path& path) const;
    void add(Severity severity, Place place, const Path& path, std::string text);

    const Node* root_ = nullptr;
    std::vector<Finding> findings_;
    bool is_full_ = false;  // a file that is no routing table at all would fill the screen
};

}  // namespace laterd::config
