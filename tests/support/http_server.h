// A small HTTP/1.1 server on a thread of its own that does as a script says, the worst included. Knows nothing of the
// client under test: what arrives is kept byte for byte.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "loop/fd.h"
#include "loop/poller.h"
#include "loop/wakeup.h"

namespace laterd::support {

struct HttpRequest {
    int connection = 0;  // which one brought it, from 1
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;  // in order, as they came
    std::string body;

    std::vector<std::string> all(std::string_view name) const;  // names are compared as HTTP does
    std::optional<std::string> one(
        std::string_view name) const;  // nullopt when there is none, or more than one
};

// What the server does with a request.
struct HttpReply {
    std::string bytes;        // written as they are
    std::uint64_t flood = 0;  // so many more bytes after them, as fast as the client takes them
    bool close = false;       // afterwards
    bool held = false;        // not before HttpServer::release
};

HttpReply answer(int status, std::string_view body = {},
                 const std::vector<std::pair<std::string, std::string>>& headers = {});
HttpReply raw(std::string bytes);             // and the connection stays
HttpReply raw_then_close(std::string bytes);  // and then it ends
HttpReply hang();                             // no answer, ever
HttpReply hold(HttpReply reply);

class HttpServer {
  public:
    using Script = std::function<HttpReply(const HttpRequest&)>;  // called on the server's thread
    struct Options {
        std::string socket;      // path; empty: a port of 127.0.0.1
        std::uint16_t port = 0;  // 0: any
        bool reads_bodies =
            true;  // false: the script is asked once the head is there, and nothing more is read
        bool keeps_requests = true;        // false for measuring
        loop::Wakeup* on_event = nullptr;  // signalled after every request and every end of a connection
    };

    // Throws std::system_error.
    HttpServer(Options options, Script script);
    // Closes every connection and takes the socket away.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    std::string address() const;  // host:port
    std::uint16_t port() const { return port_; }

    std::vector<HttpRequest> requests() const;
    std::size_t held() const { return held_; }          // requests whose reply waits for release
    std::size_t accepted() const { return accepted_; }  // connections, so far
    std::size_t open() const { return open_; }          // connections, now
    std::uint64_t flooded() const { return flooded_; }  // bytes of floods that went out

    void release();            // sends what is held, and holds nothing more
    void close_connections();  // those without a request in work

  private:
    struct Connection;

    void run();
    void accept_all();
    void react(Connection& connection, loop::Poller::Ready ready);
    void read_all(Connection& connection);
    bool take_request(Connection& connection);
    void reply(Connection& connection, const HttpReply& reply);
    void write_all(Connection& connection);
    void close(Connection& connection);
    void obey();

    const Options options_;
    const Script script_;
    std::uint16_t port_ = 0;
    loop::Fd listener_;
    loop::Poller poller_;
    loop::Wakeup order_;
    std::map<int, std::unique_ptr<Connection>> connections_;  // by descriptor; of the server's thread
    std::vector<std::unique_ptr<Connection>> ended_;          // in this turn
    bool holding_ = true;

    mutable std::mutex mutex_;
    std::vector<HttpRequest> requests_;
    std::atomic<std::size_t> held_{0};
    std::atomic<std::size_t> accepted_{0};
    std::atomic<std::size_t> open_{0};
    std::atomic<std::uint64_t> flooded_{0};
    std::atomic<bool> release_{false};
    std::atomic<bool> close_idle_{false};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// A place to connect to where nobody ever accepts and the queue is full.
class FullQueue {
  public:
    explicit FullQueue(const std::string& socket);  // path; empty: a port of 127.0.0.1
    std::string address() const;

    // Accepts what waits, so that there is room.
    void drain();

  private:
    std::uint16_t port_ = 0;
    loop::Fd listener_;
    std::vector<loop::Fd> waiting_;
};

}  // namespace laterd::support
