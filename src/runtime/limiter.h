// Keeps a repeated log line from becoming a flood: the first one passes, then one in a while, with a count.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace laterd::runtime {

class Limiter {
  public:
    explicit Limiter(std::chrono::seconds quiet) noexcept : quiet_(quiet) {}

    // How many lines of this key were kept back since the last one that passed; nullopt when this one is kept back.
    std::optional<std::uint64_t> pass(std::string_view key, core::SteadyTime now);

    // The condition has ended: the next line of this key passes at once.
    void reset(std::string_view key);

  private:
    struct Seen {
        core::SteadyTime at;
        std::uint64_t kept_back = 0;
    };
    std::chrono::seconds quiet_;
    std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace laterd::runtime
