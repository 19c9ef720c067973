#include "sink/http_client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <cassert>
#include <chrono>
#include <new>
#include <utility>

namespace laterd::sink {

namespace {

// Before any handle is made; libcurl needs no undoing at the end of a process.
void init_once() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        throw std::bad_alloc();
    }
}

void* make_multi() {
    init_once();
    void* const multi = curl_multi_init();
    if (multi == nullptr) {
        throw std::bad_alloc();
    }
    return multi;
}

int select_events(loop::Poller::Ready ready) noexcept {
    return (ready.read ? CURL_CSELECT_IN : 0) | (ready.write ? CURL_CSELECT_OUT : 0) |
           (ready.failed ? CURL_CSELECT_ERR : 0);
}

}  // namespace

HttpClient::HttpClient(loop::Poller& poller, int connections) : poller_(poller), multi_(make_multi()) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &HttpClient::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &HttpClient::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
}

HttpClient::~HttpClient() {
    curl_multi_cleanup(multi_);
    for (const auto& [fd, watched] : watched_) {
        poller_.remove(fd);
    }
}

bool HttpClient::start(HttpCall& call, const core::Now& now) {
    now_ = now.steady;
    // A connection takes them over from the call that opens it, and keeps them when the call is gone.
    curl_easy_setopt(call.handle(), CURLOPT_CLOSESOCKETFUNCTION, &HttpClient::on_close);
    curl_easy_setopt(call.handle(), CURLOPT_CLOSESOCKETDATA, this);
    return curl_multi_add_handle(multi_, call.handle()) == CURLM_OK;
}

void HttpClient::abort(HttpCall& call) noexcept {
    curl_multi_remove_handle(multi_, call.handle());
}

void HttpClient::serve(const core::Now& now, std::vector<Finished>& finished) {
    now_ = now.steady;
    // on_socket takes back what is in here while libcurl works.
    for (std::size_t i = 0; i < ready_.size(); ++i) {
        if (ready_[i].fd >= 0) {
            act(ready_[i].fd, ready_[i].events);
        }
    }
    ready_.clear();
    if (timer_ && *timer_ <= now_) {
        timer_.reset();
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    collect(finished);
    if (trouble_) {
        std::rethrow_exception(std::exchange(trouble_, nullptr));
    }
}

void HttpClient::act(int fd, int events) {
    int running = 0;
    [[maybe_unused]] const CURLMcode code = curl_multi_socket_action(multi_, fd, events, &running);
    assert(code == CURLM_OK || code == CURLM_BAD_SOCKET);
}

void HttpClient::collect(std::vector<Finished>& finished) {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURL* const easy = message->easy_handle;
        const int code = message->data.result;  // the message is gone after the next call
        void* call = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
        curl_multi_remove_handle(multi_, easy);
        finished.push_back({.call = static_cast<HttpCall*>(call), .curl_code = code});
    }
}

void HttpClient::watch(int fd, loop::Poller::Interest interest) noexcept {
    try {
        const auto [at, is_new] = watched_.try_emplace(fd);
        at->second.rests = false;
        if (is_new || at->second.interest != interest) {
            at->second.interest = interest;
            poller_.watch(fd, interest, [this, fd](loop::Poller::Ready ready) { note(fd, ready); });
        }
    } catch (...) {
        trouble_ = std::current_exception();  // not through libcurl's frames
    }
}

void HttpClient::note(int fd, loop::Poller::Ready ready) {
    const auto at = watched_.find(fd);
    if (at != watched_.end() && at->second.rests) {
        // The handler has closed it, or says what nobody asked for: libcurl sees to that when it looks at it again.
        poller_.remove(fd);
        watched_.erase(at);
        return;
    }
    ready_.push_back({.fd = fd, .events = select_events(ready)});
}

void HttpClient::rest(int fd) noexcept {
    drop_readiness(fd);
    const auto at = watched_.find(fd);
    if (at != watched_.end()) {
        at->second.rests = true;
    }
}

void HttpClient::forget(int fd) noexcept {
    drop_readiness(fd);
    poller_.remove(fd);
    watched_.erase(fd);
}

void HttpClient::drop_readiness(int fd) noexcept {
    for (Ready& one : ready_) {
        if (one.fd == fd) {
            one.fd = -1;
        }
    }
}

int HttpClient::on_socket(void* /*easy*/, int fd, int what, void* client, void* /*socket*/) noexcept {
    auto& self = *static_cast<HttpClient*>(client);
    if (what == CURL_POLL_REMOVE) {
        self.rest(fd);
    } else {
        self.watch(fd, {.read = (what & CURL_POLL_IN) != 0, .write = (what & CURL_POLL_OUT) != 0});
    }
    return 0;
}

int HttpClient::on_close(void* client, int fd) noexcept {
    static_cast<HttpClient*>(client)->forget(fd);
    return close(fd);
}

int HttpClient::on_timer(void* /*multi*/, long timeout_ms, void* client) noexcept {
    auto& self = *static_cast<HttpClient*>(client);
    if (timeout_ms < 0) {
        self.timer_.reset();
    } else {
        self.timer_ = self.now_ + std::chrono::milliseconds{timeout_ms};
    }
    return 0;
}

}  // namespace laterd::sink
