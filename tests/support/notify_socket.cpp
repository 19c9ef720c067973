#include "support/notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

namespace laterd::support {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

NotifySocket::NotifySocket(Kind kind) : folder_("notify"), name_((folder_.path() / "socket").string()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path, sizeof address.sun_path - 1);
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size() + 1);
    if (kind == Kind::abstract) {
        name_[0] = '@';
        address.sun_path[0] = '\0';
        --size;  // no zero at its end: that would be part of the name
    }
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        throw std::system_error(errno, std::generic_category(), name_);
    }
}

NotifySocket::~NotifySocket() {
    ::close(fd_);
}

std::optional<std::string> NotifySocket::receive(milliseconds within) {
    pollfd waited{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, static_cast<int>(within.count())) <= 0) {
        return std::nullopt;
    }
    std::string message(4096, '\0');
    const ssize_t got = ::recv(fd_, message.data(), message.size(), MSG_DONTWAIT);
    if (got < 0) {
        return std::nullopt;
    }
    message.resize(static_cast<std::size_t>(got));
    return message;
}

std::optional<std::string> NotifySocket::await(const std::string& text, milliseconds within) {
    const auto until = steady_clock::now() + within;
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
        if (left.count() <= 0) {
            return std::nullopt;
        }
        const std::optional<std::string> message = receive(left);
        if (message && message->find(text) != std::string::npos) {
            return message;
        }
    }
}

void NotifySocket::drop_all() {
    while (receive(milliseconds{0})) {
    }
}

}  // namespace laterd::support
