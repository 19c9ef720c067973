#include "admin/pages.h"

#include <fmt/format.h>

#include "admin/metrics.h"
#include "admin/status.h"
#include "log/recent.h"
#include "status_page.h"

namespace laterd::admin {

namespace {

constexpr const char* k_plain = "text/plain; charset=utf-8";

Page plain(unsigned status, std::string body) {
    return {.status = status, .content_type = k_plain, .body = std::move(body)};
}

Page livez(const ProcessState& state) {
    std::string stuck;
    for (const WorkerState& worker : state.workers) {
        if (worker.is_stuck()) {
            stuck += fmt::format("route {} worker {}: its loop has not turned for {} s\n", worker.route,
                                 worker.number, worker.last_turn->count() / 1'000);
        }
    }
    return stuck.empty() ? plain(200, "ok\n") : plain(503, std::move(stuck));
}

Page readyz(const ProcessState& state) {
    std::string missing = state.is_draining ? "draining\n" : "";
    for (const WorkerState& worker : state.workers) {
        if (!worker.has_joined) {
            missing += fmt::format("route {} worker {}: not in its group yet\n", worker.route, worker.number);
        }
    }
    return missing.empty() ? plain(200, "ok\n") : plain(503, std::move(missing));
}

}  // namespace

Page answer(std::string_view method, std::string_view path, const ProcessState& state) {
    if (method != "GET" && method != "HEAD") {
        Page page = plain(405, "only GET and HEAD\n");
        page.allow = "GET, HEAD";
        return page;
    }
    if (path == "/") {
        return {.content_type = "text/html; charset=utf-8", .body = std::string(k_status_page)};
    }
    if (path == "/metrics") {
        return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = prometheus_text(state)};
    }
    if (path == "/status") {
        return {.content_type = "application/json", .body = status_json(state, log::recent())};
    }
    if (path == "/livez") {
        return livez(state);
    }
    if (path == "/readyz") {
        return readyz(state);
    }
    return plain(404, "there are / /metrics /status /livez /readyz\n");
}

}  // namespace laterd::admin
