#include "config/node.h"

#include <algorithm>

namespace laterd::config {

const Node* Node::find(std::string_view key) const {
    auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    return found == entries.end() ? nullptr : &found->value;
}

}  // namespace laterd::config
