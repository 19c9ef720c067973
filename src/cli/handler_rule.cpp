#include "cli/handler_rule.h"

#include "config/quote.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace laterd::cli {

std::vector<Connected::Finding> judge_handler(const config::Route& route) {
    const std::string& socket = route.handler->socket;
    if (socket.empty()) {
        return {};
    }
    const config::Path path = config::Path() / "routes" / route.name / "to" / "handler" / "socket";
    struct stat status{};
    if (stat(socket.c_str(), &status) != 0) {
        return {
            {config::Severity::warning, path,
             fmt::format(
                 "{} cannot be found: {}; expected the handler's socket, the route holds until it is there",
                 config::quote(socket), std::strerror(errno))}};
    }
    if (!S_ISSOCK(status.st_mode)) {
        return {{config::Severity::error, path,
                 fmt::format("{} is not a socket; expected the handler's", config::quote(socket))}};
    }
    return {};
}

}  // namespace laterd::cli
