#include "admin/listener.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "config/endpoint.h"

namespace laterd::admin {

namespace {

// Who scrapes and who probes, a few times over.
constexpr int k_backlog = 64;
constexpr mode_t k_socket_mode = 0660;

[[noreturn]] void fail(const std::string& listen) {
    throw std::system_error(errno, std::generic_category(), "admin.listen " + listen);
}

loop::Fd open_socket(int family, const std::string& listen) {
    loop::Fd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.is_open()) {
        fail(listen);
    }
    return fd;
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy_n(path.data(), std::min(path.size(), sizeof address.sun_path - 1), address.sun_path);
    return address;
}

bool bind_to(const loop::Fd& fd, const sockaddr_un& address) {
    return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A process that was killed leaves its socket behind.
bool is_deserted(const sockaddr_un& address) {
    const loop::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const bool refused =
        connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno == ECONNREFUSED;
    struct stat found{};
    return refused && lstat(address.sun_path, &found) == 0 && S_ISSOCK(found.st_mode);
}

loop::Fd listen_at_path(const std::string& path, const std::string& listen) {
    const sockaddr_un address = address_of(path);
    loop::Fd fd = open_socket(AF_UNIX, listen);
    if (!bind_to(fd, address)) {
        const int why = errno;
        if (why != EADDRINUSE || !is_deserted(address)) {
            errno = why;
            fail(listen);
        }
        unlink(path.c_str());
        if (!bind_to(fd, address)) {
            fail(listen);
        }
    }
    if (chmod(path.c_str(), k_socket_mode) != 0 || ::listen(fd.get(), k_backlog) != 0) {
        fail(listen);
    }
    return fd;
}

loop::Fd listen_at_address(const std::string& listen) {
    const auto [host, port] = config::split_address(listen);
    const std::string bare = host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(bare.c_str(), port.c_str(), &hints, &found); error != 0) {
        throw std::runtime_error("admin.listen " + listen + ": " + gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    loop::Fd fd = open_socket(found->ai_family, listen);
    const int yes = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd.get(), k_backlog) != 0) {
        fail(listen);
    }
    return fd;
}

}  // namespace

loop::Fd listen_at(const std::string& listen) {
    const std::optional<std::string> path = config::socket_of(listen);
    return path ? listen_at_path(*path, listen) : listen_at_address(listen);
}

}  // namespace laterd::admin
