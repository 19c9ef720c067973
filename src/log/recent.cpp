#include "log/recent.h"

#include <deque>
#include <mutex>
#include <utility>

namespace laterd::log {

namespace {

struct Kept {
    std::mutex mutex;
    std::deque<RecentLine> lines;  // the last first
};

Kept& kept() noexcept {
    // Never destroyed: other destructors may still log.
    static Kept* const instance = new Kept;
    return *instance;
}

}  // namespace

std::vector<RecentLine> recent() {
    Kept& all = kept();
    const std::lock_guard lock(all.mutex);
    return {all.lines.begin(), all.lines.end()};
}

void keep_recent(Level level, std::int64_t unix_ms, std::string_view event, std::span<const Field> fields) {
    RecentLine line{.unix_ms = unix_ms, .level = level, .event = std::string(event), .fields = {}};
    line.fields.reserve(fields.size());
    for (const Field& field : fields) {
        line.fields.push_back({.name = std::string(field.name), .value = field.value});
    }
    Kept& all = kept();
    const std::lock_guard lock(all.mutex);
    all.lines.push_front(std::move(line));
    if (all.lines.size() > k_recent_lines) {
        all.lines.pop_back();
    }
}

}  // namespace laterd::log
