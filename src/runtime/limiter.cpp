#include "runtime/limiter.h"

#include <utility>

namespace laterd::runtime {

namespace {

constexpr std::size_t k_keys_most = 256;

// One key for all that come when there is no room: texts with a name in them must fill neither memory nor log.
constexpr std::string_view k_others;

}  // namespace

std::optional<std::uint64_t> Limiter::pass(std::string_view key, core::SteadyTime now) {
    auto found = seen_.find(key);
    if (found == seen_.end() && seen_.size() >= k_keys_most) {
        // What was kept back is told by the next of its kind, so it is remembered for another while.
        std::erase_if(seen_, [&](const auto& entry) {
            return now - entry.second.at >= (entry.second.kept_back == 0 ? quiet_ : 2 * quiet_);
        });
        if (seen_.size() >= k_keys_most) {
            key = k_others;
            found = seen_.find(key);
        }
    }
    if (found == seen_.end()) {
        seen_.emplace(std::string(key), Seen{.at = now});
        return 0;
    }
    if (now - found->second.at < quiet_) {
        ++found->second.kept_back;
        return std::nullopt;
    }
    found->second.at = now;
    return std::exchange(found->second.kept_back, 0);
}

void Limiter::reset(std::string_view key) {
    if (auto found = seen_.find(key); found != seen_.end()) {
        seen_.erase(found);
    }
}

}  // namespace laterd::runtime
