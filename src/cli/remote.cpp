#include "cli/remote.h"

#include "admin/client.h"
#include "cli/exit_code.h"
#include "cli/status_text.h"
#include "config/endpoint.h"
#include "config/load.h"

#include <optional>
#include <ostream>
#include <string>

namespace laterd::cli {

namespace {

constexpr int k_http_ok = 200;

// Where to ask; nullopt after `err` was told why that is not known.
std::optional<std::string> endpoint(const Invocation& invocation, const config::Environment& environment,
                                    std::ostream& err) {
    if (!invocation.at.empty()) {
        if (const auto problem = config::problem_of_listen(invocation.at)) {
            err << "laterd: --at: " << *problem << '\n';
            return std::nullopt;
        }
        return invocation.at;
    }
    const config::Loaded loaded = config::load(invocation.config, environment, {});
    if (!loaded.admin_listen.empty()) {
        return loaded.admin_listen;
    }
    err << "laterd: " << invocation.config
        << ": no admin.listen is known from it; expected admin: {listen: 127.0.0.1:9464}, or --at\n";
    if (config::has_error(loaded.findings)) {
        for (const config::Finding& finding : loaded.findings) {
            err << config::describe(invocation.config, finding) << '\n';
        }
    }
    return std::nullopt;
}

// What `path` answers, whatever its status; nullopt after `err` was told that nobody did.
std::optional<admin::Reply> ask(const std::string& at, const char* path, std::ostream& err) {
    admin::Reply reply = admin::ask(at, path);
    if (reply.status == 0) {
        err << "laterd: nobody answers at " << at << ": " << reply.error << '\n';
        return std::nullopt;
    }
    return reply;
}

}  // namespace

int status(const Invocation& invocation, const config::Environment& environment, std::ostream& out,
           std::ostream& err) {
    const std::optional<std::string> at = endpoint(invocation, environment, err);
    if (!at) {
        return k_exit_config;
    }
    const std::optional<admin::Reply> reply = ask(*at, "/status", err);
    if (!reply) {
        return k_exit_unwell;
    }
    const std::optional<std::string> text =
        invocation.json ? std::optional(reply->body) : status_text(reply->body);
    if (reply->status != k_http_ok || !text) {
        err << "laterd: what answers at " << *at << " is not laterd\n";
        return k_exit_unwell;
    }
    out << *text;
    return k_exit_done;
}

int health(const Invocation& invocation, const config::Environment& environment, std::ostream& out,
           std::ostream& err) {
    const std::optional<std::string> at = endpoint(invocation, environment, err);
    if (!at) {
        return k_exit_config;
    }
    for (const char* path : {"/livez", "/readyz"}) {
        const std::optional<admin::Reply> reply = ask(*at, path, err);
        if (!reply) {
            return k_exit_unwell;
        }
        if (reply->status != k_http_ok) {
            err << reply->body;
            return k_exit_unwell;
        }
        if (!invocation.ready) {
            break;
        }
    }
    out << "ok\n";
    return k_exit_done;
}

}  // namespace laterd::cli
