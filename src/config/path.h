// The way to a value in the routing table, as people read it: `routes.orders-15m.from.topics[0]`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

class Path {
  public:
    Path() = default;

    Path operator/(std::string_view key) const;
    Path operator[](std::size_t index) const;

    // Names that are not plain words (a dot, a blank) stand in quotes.
    std::string str() const;

    bool empty() const noexcept { return steps_.empty(); }

    struct Step {
        std::string key;  // empty for an item of a list
        std::size_t index = 0;
        bool is_index = false;
    };
    const std::vector<Step>& steps() const noexcept { return steps_; }

  private:
    std::vector<Step> steps_;
};

}  // namespace laterd::config
