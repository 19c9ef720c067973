// A value that does not get printed by accident.
#pragma once

#include <string>
#include <utility>

namespace laterd::config {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    // The one way to the value; search for it to see who uses secrets.
    const std::string& reveal() const noexcept { return value_; }

    bool operator==(const Secret&) const = default;

  private:
    std::string value_;
};

}  // namespace laterd::config
