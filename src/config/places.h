// Where every path of a document stands.
#pragma once

#include "config/node.h"
#include "config/path.h"
#include "config/place.h"

#include <map>
#include <string>

namespace laterd::config {

class Places {
  public:
    Places() = default;
    explicit Places(const Node& root);

    // Of a value; of a map or list, its key; of what is not there, the nearest key around it.
    Place of(const Path& path) const;

  private:
    void add(const Node& node, const Path& path);

    std::map<std::string, Place> places_;
};

}  // namespace laterd::config
