#include "support/await.h"

#include <thread>

namespace laterd::support {

namespace {

constexpr std::chrono::milliseconds k_poll{5};

}  // namespace

bool eventually(std::chrono::milliseconds within, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) {
            return condition();
        }
        std::this_thread::sleep_for(k_poll);
    }
    return true;
}

bool always(std::chrono::milliseconds during, const std::function<bool()>& condition) {
    return !eventually(during, [&] { return !condition(); });
}

std::int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace laterd::support
