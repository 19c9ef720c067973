#include "config/places.h"

namespace laterd::config {

Places::Places(const Node& root) {
    add(root, {});
}

Place Places::of(const Path& path) const {
    Place place{1, 1};
    Path part;
    for (const Path::Step& step : path.steps()) {
        part = step.is_index ? part[step.index] : part / step.key;
        const auto found = places_.find(part.str());
        if (found == places_.end()) {
            break;
        }
        place = found->second;
    }
    return place;
}

void Places::add(const Node& node, const Path& path) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        places_[path[i].str()] = node.items[i].place;
        add(node.items[i], path[i]);
    }
    for (const Entry& entry : node.entries) {
        const bool is_scalar = entry.value.kind == Node::Kind::scalar;
        places_[(path / entry.key).str()] = is_scalar ? entry.value.place : entry.place;
        add(entry.value, path / entry.key);
    }
}

}  // namespace laterd::config
