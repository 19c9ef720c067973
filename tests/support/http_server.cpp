#include "support/http_server.h"

#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace laterd::support {

namespace {

[[noreturn]] void fail(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

union Address {
    sockaddr any;
    sockaddr_un local;
    sockaddr_in loopback;
};

socklen_t fill(Address& address, const std::string& socket, std::uint16_t port) {
    std::memset(&address, 0, sizeof address);
    if (socket.empty()) {
        address.loopback.sin_family = AF_INET;
        address.loopback.sin_port = htons(port);
        address.loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof address.loopback;
    }
    address.local.sun_family = AF_UNIX;
    if (socket.size() >= sizeof address.local.sun_path) {
        throw std::system_error(ENAMETOOLONG, std::generic_category(), socket);
    }
    std::memcpy(&address.local.sun_path[0], socket.data(), socket.size());
    return sizeof address.local;
}

loop::Fd make_socket(const std::string& path) {
    loop::Fd fd(::socket(path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.is_open()) {
        fail("socket");
    }
    return fd;
}

loop::Fd listen_at(const std::string& socket, std::uint16_t port, int backlog, std::uint16_t& bound) {
    loop::Fd fd = make_socket(socket);
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    Address address{};
    socklen_t length = fill(address, socket, port);
    if (!socket.empty()) {
        unlink(socket.c_str());
    }
    if (bind(fd.get(), &address.any, length) != 0 || listen(fd.get(), backlog) != 0) {
        fail("listen");
    }
    if (socket.empty()) {
        getsockname(fd.get(), &address.any, &length);
        bound = ntohs(address.loopback.sin_port);
    }
    return fd;
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// `head` ends in an empty line.
HttpRequest parse_head(std::string_view head) {
    HttpRequest request;
    const auto next_line = [&head] {
        const std::size_t end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        return line;
    };
    const std::string_view first = next_line();
    const std::size_t method_end = first.find(' ');
    request.method = first.substr(0, method_end);
    request.target = first.substr(method_end + 1, first.rfind(' ') - method_end - 1);
    for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
        const std::size_t colon = line.find(':');
        std::string_view value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        request.headers.emplace_back(line.substr(0, colon), value);
    }
    return request;
}

}  // namespace

struct HttpServer::Connection {
    loop::Fd fd;
    int number = 0;
    std::string in;
    std::string out;
    std::uint64_t flood = 0;
    bool close_after = false;
    bool deaf = false;  // reads no more
    bool is_working = false;
    std::optional<HttpReply> held;
};

std::vector<std::string> HttpRequest::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [own, value] : headers) {
        if (same_name(own, name)) {
            values.push_back(value);
        }
    }
    return values;
}

std::optional<std::string> HttpRequest::one(std::string_view name) const {
    const std::vector<std::string> values = all(name);
    return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

HttpReply answer(int status, std::string_view body,
                 const std::vector<std::pair<std::string, std::string>>& headers) {
    std::string bytes = "HTTP/1.1 " + std::to_string(status) + " As Told\r\n";
    for (const auto& [name, value] : headers) {
        bytes += name + ": " + value + "\r\n";
    }
    if (status >= 200 && status != 204) {
        bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    bytes += "\r\n";
    return {.bytes = bytes + std::string(body)};
}

HttpReply raw(std::string bytes) {
    return {.bytes = std::move(bytes)};
}

HttpReply raw_then_close(std::string bytes) {
    return {.bytes = std::move(bytes), .close = true};
}

HttpReply hang() {
    return {};
}

HttpReply hold(HttpReply reply) {
    reply.held = true;
    return reply;
}

HttpServer::HttpServer(Options options, Script script)
    : options_(std::move(options)),
      script_(std::move(script)),
      listener_(listen_at(options_.socket, options_.port, SOMAXCONN, port_)) {
    poller_.add(listener_.get(), [this] { accept_all(); });
    poller_.add(order_.fd(), [this] { obey(); });
    thread_ = std::thread([this] { run(); });
}

HttpServer::~HttpServer() {
    stop_ = true;
    order_.signal();
    thread_.join();
    if (!options_.socket.empty()) {
        unlink(options_.socket.c_str());
    }
}

std::string HttpServer::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

std::vector<HttpRequest> HttpServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void HttpServer::release() {
    release_ = true;
    order_.signal();
}

void HttpServer::close_connections() {
    close_idle_ = true;
    order_.signal();
}

void HttpServer::run() {
    while (!stop_) {
        poller_.wait(std::nullopt, std::nullopt);
        ended_.clear();
    }
    // First: whoever is told that its connection has ended finds nobody to connect to.
    listener_.close();
    connections_.clear();
}

void HttpServer::obey() {
    order_.clear();
    if (release_.exchange(false)) {
        holding_ = false;
        for (auto& [fd, connection] : connections_) {
            if (connection->held) {
                const HttpReply held = *std::exchange(connection->held, std::nullopt);
                --held_;
                reply(*connection, held);
            }
        }
    }
    if (close_idle_.exchange(false)) {
        std::vector<Connection*> idle;
        for (auto& [fd, connection] : connections_) {
            if (!connection->is_working) {
                idle.push_back(connection.get());
            }
        }
        for (Connection* const connection : idle) {
            close(*connection);
        }
    }
}

void HttpServer::accept_all() {
    for (;;) {
        loop::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd.is_open()) {
            return;
        }
        auto connection = std::make_unique<Connection>();
        connection->number = static_cast<int>(++accepted_);
        connection->fd = std::move(fd);
        ++open_;
        const int raw_fd = connection->fd.get();
        poller_.watch(raw_fd, {.read = true},
                      [this, raw_fd](loop::Poller::Ready ready) { react(*connections_.at(raw_fd), ready); });
        connections_[raw_fd] = std::move(connection);
    }
}

void HttpServer::react(Connection& connection, loop::Poller::Ready ready) {
    if (ready.failed && !ready.read) {
        close(connection);
        return;
    }
    if (ready.write) {
        write_all(connection);
    } else if (ready.read) {
        read_all(connection);
    }
}

void HttpServer::read_all(Connection& connection) {
    std::array<char, 65'536> buffer;
    const ssize_t size = ::read(connection.fd.get(), buffer.data(), buffer.size());
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN) {
            close(connection);
        }
        return;
    }
    connection.in.append(buffer.data(), static_cast<std::size_t>(size));
    take_request(connection);
}

bool HttpServer::take_request(Connection& connection) {
    const std::size_t head_end = connection.in.find("\r\n\r\n");
    if (head_end == std::string::npos) {
        return false;
    }
    HttpRequest request = parse_head(std::string_view(connection.in).substr(0, head_end + 4));
    const std::size_t length = std::stoul(request.one("content-length").value_or("0"));
    if (options_.reads_bodies) {
        if (connection.in.size() < head_end + 4 + length) {
            return false;
        }
        request.body = connection.in.substr(head_end + 4, length);
        connection.in.erase(0, head_end + 4 + length);
    } else {
        connection.deaf = true;
    }
    request.connection = connection.number;
    connection.is_working = true;
    HttpReply told = script_(request);
    if (options_.keeps_requests) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
    }
    if (told.held && holding_) {
        connection.held = std::move(told);
        ++held_;
    } else {
        reply(connection, told);
    }
    if (options_.on_event != nullptr) {
        options_.on_event->signal();
    }
    return true;
}

void HttpServer::reply(Connection& connection, const HttpReply& reply) {
    connection.is_working = reply.bytes.empty();
    connection.out += reply.bytes;
    connection.flood = reply.flood;
    connection.close_after = reply.close;
    write_all(connection);
}

void HttpServer::write_all(Connection& connection) {
    static const std::string filler(65'536, 'x');
    while (!connection.out.empty() || connection.flood > 0) {
        const bool is_flood = connection.out.empty();
        const std::string_view bytes = is_flood ? std::string_view(filler).substr(0, connection.flood)
                                                : std::string_view(connection.out);
        const ssize_t size = send(connection.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size < 0) {
            if (errno != EAGAIN) {
                close(connection);
                return;
            }
            break;
        }
        if (is_flood) {
            connection.flood -= static_cast<std::uint64_t>(size);
            flooded_ += static_cast<std::uint64_t>(size);
        } else {
            connection.out.erase(0, static_cast<std::size_t>(size));
        }
    }
    const bool is_done = connection.out.empty() && connection.flood == 0;
    if (is_done && connection.close_after && !connection.deaf) {
        close(connection);
        return;
    }
    if (is_done && connection.close_after) {
        // Whoever closes with bytes unread cuts off a client that is still sending, and that may be before it has read the
        // answer. Like servers that mean well, this one only says that nothing more comes.
        ::shutdown(connection.fd.get(), SHUT_WR);
    }
    const int fd = connection.fd.get();
    if (!is_done || connection.deaf) {
        poller_.watch(fd, {.read = !connection.deaf && is_done, .write = !is_done},
                      [this, fd](loop::Poller::Ready ready) { react(*connections_.at(fd), ready); });
    }
}

void HttpServer::close(Connection& connection) {
    const int fd = connection.fd.get();
    poller_.remove(fd);
    const auto at = connections_.find(fd);
    if (connection.held) {
        --held_;
    }
    connection.fd.close();
    ended_.push_back(std::move(at->second));
    connections_.erase(at);
    --open_;
    if (options_.on_event != nullptr) {
        options_.on_event->signal();
    }
}

FullQueue::FullQueue(const std::string& socket) : listener_(listen_at(socket, 0, 0, port_)) {
    // Linux takes one more than the backlog says, or two; TCP's connects then go on for ever.
    for (int i = 0; i < 4; ++i) {
        loop::Fd fd = make_socket(socket);
        Address address{};
        const socklen_t length = fill(address, socket, port_);
        if (connect(fd.get(), &address.any, length) != 0 && errno != EINPROGRESS) {
            return;
        }
        waiting_.push_back(std::move(fd));
    }
}

std::string FullQueue::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

void FullQueue::drain() {
    waiting_.clear();
    for (;;) {
        const loop::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd.is_open()) {
            return;
        }
    }
}

}  // namespace laterd::support
