#include "admin/server.h"

#include <microhttpd.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <utility>

#include "admin/listener.h"
#include "admin/pages.h"
#include "config/endpoint.h"
#include "log/log.h"

namespace laterd::admin {

namespace {

// Whoever holds connections open cannot keep others, or the process's memory, for long.
constexpr unsigned k_connections = 64;
constexpr unsigned k_idle_seconds = 10;
constexpr std::size_t k_request_memory = 16 << 10;

using Response = std::unique_ptr<MHD_Response, decltype(&MHD_destroy_response)>;

MHD_Result send(MHD_Connection* connection, const Page& page) {
    // libmicrohttpd copies the bytes; it does not write to them.
    const Response response(MHD_create_response_from_buffer(
                                page.body.size(), const_cast<char*>(page.body.data()), MHD_RESPMEM_MUST_COPY),
                            MHD_destroy_response);
    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response.get(), "Content-Type", page.content_type.c_str());
    MHD_add_response_header(response.get(), "Cache-Control", "no-store");
    // The page loads nothing from elsewhere, and nobody may frame it.
    MHD_add_response_header(response.get(), "Content-Security-Policy",
                            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                            "connect-src 'self'; img-src data:; frame-ancestors 'none'");
    MHD_add_response_header(response.get(), "X-Content-Type-Options", "nosniff");
    if (!page.allow.empty()) {
        MHD_add_response_header(response.get(), "Allow", page.allow.c_str());
    }
    return MHD_queue_response(connection, page.status, response.get());
}

MHD_Result on_request(void* look, MHD_Connection* connection, const char* path, const char* method,
                      const char* /*version*/, const char* /*body*/, std::size_t* body_size,
                      void** seen) noexcept {
    static char k_seen;
    if (*seen == nullptr) {
        *seen = &k_seen;  // the head; the request is answered when it is whole
        return MHD_YES;
    }
    if (*body_size > 0) {
        *body_size = 0;  // nobody asked for one
        return MHD_YES;
    }
    try {
        return send(connection,
                    answer(method, path, (*static_cast<const std::function<ProcessState()>*>(look))()));
    } catch (const std::exception& error) {
        log::error("admin endpoint", {{"path", path}, {"error", error.what()}});
        return MHD_NO;
    }
}

}  // namespace

void Server::Stop::operator()(MHD_Daemon* daemon) const noexcept {
    MHD_stop_daemon(daemon);
}

Server::Server(std::string listen, std::function<ProcessState()> look)
    : listen_(std::move(listen)), look_(std::move(look)) {
    loop::Fd socket = listen_at(listen_);
    // The look is behind a const pointer: libmicrohttpd hands it back, no more.
    void* const hand_back = const_cast<std::function<ProcessState()>*>(&look_);
    daemon_.reset(MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, nullptr, nullptr, &on_request, hand_back,
                                   MHD_OPTION_LISTEN_SOCKET, socket.get(), MHD_OPTION_CONNECTION_LIMIT,
                                   k_connections, MHD_OPTION_CONNECTION_TIMEOUT, k_idle_seconds,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, k_request_memory, MHD_OPTION_END));
    if (!daemon_) {
        throw std::runtime_error("admin.listen " + listen_ + ": the server did not start");
    }
    socket.release();  // the daemon closes it
}

Server::~Server() {
    daemon_.reset();
    if (const auto path = config::socket_of(listen_)) {
        unlink(path->c_str());
    }
}

}  // namespace laterd::admin
