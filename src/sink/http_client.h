// Calls to one handler over kept connections: libcurl's multi handle in a worker's poller. No thread, nothing waits.
//
// Sockets and libcurl's timer only make notes; all work is done in serve, once per loop turn.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/time.h"
#include "loop/poller.h"
#include "sink/http_call.h"

namespace laterd::sink {

class HttpClient {
  public:
    // Keeps at most `connections` when they are idle. Throws std::bad_alloc.
    HttpClient(loop::Poller& poller, int connections);

    // Every call has finished or was aborted.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Begins in the next serve. The call is borrowed until serve has returned it or it was aborted. False: out of memory.
    bool start(HttpCall& call, const core::Now& now);

    // Closes its connection.
    void abort(HttpCall& call) noexcept;

    struct Finished {
        HttpCall* call;
        int curl_code;
    };
    // Goes on with everything that is ready. Throws what the poller threw.
    void serve(const core::Now& now, std::vector<Finished>& finished);

    // Call serve at the latest then.
    std::optional<core::SteadyTime> wake_at() const noexcept { return timer_; }

  private:
    struct Ready {
        int fd;
        int events;  // CURL_CSELECT_*
    };
    void act(int fd, int events);
    void collect(std::vector<Finished>& finished);
    void watch(int fd, loop::Poller::Interest interest) noexcept;
    void rest(int fd) noexcept;
    void forget(int fd) noexcept;
    void drop_readiness(int fd) noexcept;
    void note(int fd, loop::Poller::Ready ready);

    static int on_socket(void* easy, int fd, int what, void* client, void* socket) noexcept;
    static int on_close(void* client, int fd) noexcept;
    static int on_timer(void* multi, long timeout_ms, void* client) noexcept;

    loop::Poller& poller_;
    void* const multi_;       // CURLM
    core::SteadyTime now_{};  // of the latest call from outside
    std::optional<core::SteadyTime> timer_;
    std::vector<Ready> ready_;
    // What the poller watches. A kept connection is watched on while it rests: the next request wants the same, and saves
    // two system calls.
    struct Watched {
        loop::Poller::Interest interest;
        bool rests = false;
    };
    std::unordered_map<int, Watched> watched_;  // by descriptor
    std::exception_ptr trouble_;
};

}  // namespace laterd::sink
