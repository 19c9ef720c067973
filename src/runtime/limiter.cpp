#include "runtime/limiter.h"

#include <utility>

namespace laterd::runtime {

namespace {

constexpr std::size_t k_keys_most = 256;

}  // namespace

std::optional<std::uint64_t> Limiter::pass(std::string_view key, core::SteadyTime now) {
    auto found = seen_.find(key);
    if (found == seen_.end()) {
        if (seen_.size() >= k_keys_most) {
            seen_.clear();  // texts with a number in them must not fill the memory
        }
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
