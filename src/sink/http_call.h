// One request to a handler and its answer: a libcurl easy handle that is used again for the next one.
//
// A request is written once. libcurl would write it again when a kept connection ends before the answer begins, but
// then a handler that died of a record would be called with it twice, and one attempt counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/routing_table.h"
#include "sink/http_answer.h"
#include "sink/http_request.h"

namespace laterd::sink {

class HttpCall {
  public:
    // `handler` is borrowed for the call's life. `number` is the caller's. Throws std::bad_alloc.
    HttpCall(const config::HandlerSink& handler, std::size_t number);
    ~HttpCall();
    HttpCall(const HttpCall&) = delete;
    HttpCall& operator=(const HttpCall&) = delete;

    std::size_t number() const noexcept { return number_; }
    void* handle() const noexcept { return easy_; }

    // The head of the next request: fill it before prepare.
    HeaderLines& head() noexcept { return head_; }

    // Makes the handle ready to be added to a multi handle; `body` is borrowed until the call has ended.
    void prepare(std::string_view body);

    // The transfer is over with this CURLcode; returns what came of it. Its views are valid until the next prepare.
    Answer finish(int curl_code);

  private:
    // A whole answer ends the call even while the handler still reads the request, or no longer does.
    bool is_whole() const noexcept;
    bool has_sent_all() const;
    CallEnd end_of(int curl_code) const;
    CallEnd end_of_connect() const;

    // False: end the transfer here.
    bool take_head(std::string_view line);
    bool take_body(std::string_view bytes);
    // Nothing of the request has gone out yet.
    bool may_write() const;

    static std::size_t on_head(char* data, std::size_t size, std::size_t count, void* call) noexcept;
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* call) noexcept;
    static int on_connected(void* call, char* remote, char* local, int remote_port, int local_port) noexcept;

    struct Line;  // libcurl's list of header lines, over the memory of head_

    const std::size_t number_;
    void* const easy_;  // CURL
    HeaderLines head_;
    std::vector<Line> lines_;
    std::size_t request_body_ = 0;  // bytes

    // Of the answer
    int status_ = 0;
    bool head_is_whole_ = false;
    bool cut_ = false;  // ended here on purpose: its status is all that is wanted
    std::size_t head_bytes_ = 0;
    std::int64_t announced_ = -1;  // bytes of the body; -1: not said
    std::int64_t received_ = 0;    // of the body
    std::string retry_after_;
    std::string body_;  // its beginning
    std::string trouble_;
    std::array<char, 256> error_{};  // CURL_ERROR_SIZE
};

}  // namespace laterd::sink
