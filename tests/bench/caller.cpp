// The yardstick of handler deliveries: a bare libcurl-multi loop that makes the same requests over the same socket, with
// nothing to read, to format, to wait for or to commit. One thread, one epoll, `--concurrency` easy handles in use again
// and again. Prints one line of JSON.
#include "client.h"
#include "usage.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace laterd::bench {
namespace {

struct Options {
    std::string socket;
    std::int64_t requests = 0;
    std::size_t concurrency = 64;
    std::size_t size = 200;
};

// What laterd sends with a record that has a key and no headers.
constexpr std::array k_headers{
    "Expect:",
    "Accept:",
    "Content-Type: application/octet-stream",
    "Idempotency-Key: backlog-1/3/123456",
    "Kafka-Topic: backlog-1",
    "Kafka-Partition: 3",
    "Kafka-Offset: 123456",
    "Kafka-Timestamp: 1764000000000",
    "Kafka-Key: 493827",
    "Laterd-Route: bench",
    "Laterd-Attempt: 1",
    "Laterd-Due: 1764000001000",
};

struct DestroyEasy {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct DestroyMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct DestroyList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

class Caller {
  public:
    explicit Caller(const Options& options)
        : options_(options),
          body_(options.size, 'x'),
          epoll_(epoll_create1(EPOLL_CLOEXEC)),
          multi_(curl_multi_init()) {
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Caller::on_socket);
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Caller::on_timer);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.concurrency));
        for (const char* header : k_headers) {
            headers_.reset(curl_slist_append(headers_.release(), header));
        }
        for (std::size_t i = 0; i < options.concurrency; ++i) {
            add_handle();
        }
    }
    ~Caller() {
        for (const auto& easy : handles_) {
            curl_multi_remove_handle(multi_.get(), easy.get());
        }
        handles_.clear();
        multi_.reset();
        close(epoll_);
    }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    void run() {
        for (const auto& easy : handles_) {
            start(easy.get());
        }
        std::array<epoll_event, 128> events{};
        while (finished_ < options_.requests) {
            const int count =
                epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms());
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events.at(static_cast<std::size_t>(i));
                act(event.data.fd, ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                                       ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                                       ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0));
            }
            if (timer_us_ && *timer_us_ <= wall_microseconds()) {
                timer_us_.reset();
                act(CURL_SOCKET_TIMEOUT, 0);
            }
            collect();
        }
    }

  private:
    void add_handle() {
        CURL* easy = handles_.emplace_back(curl_easy_init()).get();
        curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/");
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options_.socket.c_str());
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30'000L);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
    }

    void start(CURL* easy) {
        if (started_ < options_.requests) {
            ++started_;
            curl_multi_add_handle(multi_.get(), easy);
        }
    }

    void act(int fd, int events) {
        int running = 0;
        curl_multi_socket_action(multi_.get(), fd, events, &running);
    }

    void collect() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
            CURL* easy = message->easy_handle;
            if (message->data.result != CURLE_OK) {
                throw std::runtime_error(curl_easy_strerror(message->data.result));
            }
            ++finished_;
            curl_multi_remove_handle(multi_.get(), easy);
            start(easy);
        }
    }

    int timeout_ms() const {
        if (!timer_us_) {
            return -1;
        }
        const std::int64_t left = *timer_us_ - wall_microseconds();
        return left <= 0 ? 0 : static_cast<int>((left + 999) / 1000);
    }

    static int on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* caller, void* known) {
        auto& self = *static_cast<Caller*>(caller);
        if (what == CURL_POLL_REMOVE) {
            epoll_ctl(self.epoll_, EPOLL_CTL_DEL, fd, nullptr);
            return 0;
        }
        epoll_event event{};
        event.events =
            ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
        event.data.fd = fd;
        epoll_ctl(self.epoll_, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
        curl_multi_assign(self.multi_.get(), fd, &self);
        return 0;
    }

    static int on_timer(CURLM* /*multi*/, long timeout_ms, void* caller) {
        auto& self = *static_cast<Caller*>(caller);
        self.timer_us_ = timeout_ms < 0
                             ? std::nullopt
                             : std::optional<std::int64_t>(wall_microseconds() + timeout_ms * 1000);
        return 0;
    }

    const Options& options_;
    const std::string body_;
    const int epoll_;
    std::unique_ptr<curl_slist, DestroyList> headers_;
    std::unique_ptr<CURLM, DestroyMulti> multi_;
    std::vector<std::unique_ptr<CURL, DestroyEasy>> handles_;
    std::optional<std::int64_t> timer_us_;
    std::int64_t started_ = 0;
    std::int64_t finished_ = 0;
};

}  // namespace
}  // namespace laterd::bench

int main(int argc, char** argv) {
    using namespace laterd::bench;
    Options options;
    CLI::App app{"Calls a handler as fast as libcurl's multi interface goes."};
    app.add_option("--socket", options.socket, "path")->required();
    app.add_option("--requests", options.requests)->required();
    app.add_option("--concurrency", options.concurrency, "requests in flight");
    app.add_option("--size", options.size, "bytes of a body");
    CLI11_PARSE(app, argc, argv);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    try {
        Caller(options).run();
        std::puts(nlohmann::json(usage_of_self()).dump().c_str());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "caller: %s\n", problem.what());
        return 1;
    }
    return 0;
}
