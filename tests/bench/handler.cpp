// The handler that laterd and the bare caller are measured against: as little as can answer a request. One thread, one
// epoll; knows of HTTP only how a request with a Content-Length ends. Answers 200 without a body; prints one line of JSON
// when it has answered `--requests`, or at SIGTERM.
//
// With --fail-first it answers 503 to every first attempt and notes how late each attempt came (`Laterd-Due`).
#include "client.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace laterd::bench {
namespace {

volatile std::sig_atomic_t stop_asked = 0;

struct Options {
    std::string socket;
    std::int64_t requests = 0;
    bool fail_first = false;
};

constexpr std::string_view k_done = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view k_failed = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

// The number behind `name` ("\r\nName: "), written as clients of this bench write it; -1 when there is none.
std::int64_t number(std::string_view head, std::string_view name) {
    const auto at = head.find(name);
    std::int64_t value = -1;
    if (at != std::string_view::npos) {
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), value);
    }
    return value;
}

class Handler {
  public:
    explicit Handler(const Options& options)
        : options_(options), epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
        unlink(options.socket.c_str());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (options.socket.size() >= sizeof address.sun_path) {
            throw std::runtime_error("the socket's path is too long");
        }
        std::memcpy(address.sun_path, options.socket.data(), options.socket.size());
        listener_ = checked(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
        checked(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
        checked(listen(listener_, 1024), "listen");
        watch(listener_);
    }
    ~Handler() {
        for (const auto& [fd, unread] : unread_) {
            close(fd);
        }
        close(listener_);
        close(epoll_);
        unlink(options_.socket.c_str());
    }
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;

    nlohmann::json run() {
        std::array<epoll_event, 128> events{};
        while (stop_asked == 0 && (options_.requests == 0 || answered_ < options_.requests)) {
            const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
                fd == listener_ ? accept_all() : serve(fd);
            }
        }
        return {{"requests", answered_},
                {"first_us", first_us_},
                {"last_us", last_us_},
                {"first_attempts_ms", late_ms_[0]},
                {"later_attempts_ms", late_ms_[1]}};
    }

  private:
    void watch(int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                return;
            }
            unread_[fd];
            watch(fd);
        }
    }

    void serve(int fd) {
        const ssize_t size = read(fd, input_.data(), input_.size());
        if (size < 0 && errno == EAGAIN) {
            return;
        }
        if (size <= 0) {
            close(fd);
            unread_.erase(fd);
            return;
        }
        // As a rule a whole request comes at once, and nothing is kept of it.
        const std::string_view bytes(input_.data(), static_cast<std::size_t>(size));
        std::string& unread = unread_[fd];
        if (unread.empty()) {
            unread = bytes.substr(answer_all(fd, bytes));
        } else {
            unread += bytes;
            unread.erase(0, answer_all(fd, unread));
        }
    }

    // Answers the whole requests at the beginning of `bytes`; returns how many bytes they are.
    std::size_t answer_all(int fd, std::string_view bytes) {
        std::size_t used = 0;
        for (;;) {
            const std::string_view rest = bytes.substr(used);
            const auto head_end = rest.find("\r\n\r\n");
            if (head_end == std::string_view::npos) {
                return used;
            }
            const std::string_view head = rest.substr(0, head_end);
            const std::int64_t body = std::max<std::int64_t>(number(head, "\r\nContent-Length: "), 0);
            const std::size_t size = head_end + 4 + static_cast<std::size_t>(body);
            if (rest.size() < size) {
                return used;
            }
            answer(fd, head);
            used += size;
        }
    }

    void answer(int fd, std::string_view head) {
        last_us_ = wall_microseconds();
        first_us_ = answered_++ == 0 ? last_us_ : first_us_;
        bool fails = false;
        if (options_.fail_first) {
            fails = number(head, "\r\nLaterd-Attempt: ") == 1;
            const std::int64_t due_us = number(head, "\r\nLaterd-Due: ") * 1000;
            late_ms_.at(fails ? 0 : 1).push_back(static_cast<double>(last_us_ - due_us) / 1000);
        }
        const std::string_view text = fails ? k_failed : k_done;
        if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            std::fprintf(stderr, "handler: an answer was not taken\n");
        }
    }

    const Options& options_;
    int epoll_;
    int listener_ = -1;
    std::array<char, 65'536> input_{};
    std::map<int, std::string> unread_;  // by connection
    std::int64_t answered_ = 0;
    std::int64_t first_us_ = 0;
    std::int64_t last_us_ = 0;
    std::array<std::vector<double>, 2> late_ms_;  // first attempts, and those after them
};

}  // namespace
}  // namespace laterd::bench

int main(int argc, char** argv) {
    using namespace laterd::bench;
    Options options;
    CLI::App app{"Answers requests on a Unix socket as cheaply as can be."};
    app.add_option("--socket", options.socket, "path")->required();
    app.add_option("--requests", options.requests, "ends after so many");
    app.add_flag("--fail-first", options.fail_first, "503 to first attempts; notes the lateness");
    CLI11_PARSE(app, argc, argv);

    struct sigaction action{};
    action.sa_handler = [](int) { stop_asked = 1; };  // without SA_RESTART: epoll_wait returns
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        std::puts(Handler(options).run().dump().c_str());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "handler: %s\n", problem.what());
        return 1;
    }
    return 0;
}
