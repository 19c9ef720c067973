// A YAML document as it was written: nothing is converted, everything has its place.
#pragma once

#include "config/place.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { null, scalar, list, map };

    Kind kind = Kind::null;
    Place place;
    std::string text;               // scalar: as written, after ${NAME} was replaced
    bool from_environment = false;  // scalar: something in it was replaced
    bool broken = false;            // a problem was reported: its value must not be used
    std::vector<Node> items;        // list
    std::vector<Entry> entries;     // map, in the order of the file, each key once

    // The value under `key` of a map; nullptr when there is none.
    const Node* find(std::string_view key) const;
};

struct Entry {
    std::string key;
    Place place;  // of the key
    Node value;
};

}  // namespace laterd::config
