#include "sink/http_call.h"

#include <curl/curl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <new>
#include <system_error>

namespace laterd::sink {

namespace {

// A connect over loopback takes microseconds, or its queue is full: SYNs are dropped then, and come again after a second.
constexpr std::chrono::milliseconds k_connect_timeout{1'000};

// Many servers close what has been idle for 5 s; a request that meets the close costs an attempt. libcurl counts whole
// seconds, and this one means less than two.
constexpr long k_idle_most_s = 1;

// Of what libcurl reads at a time; its least. Answers are short, and a long one shall not be read.
constexpr long k_buffer_bytes = 1'024;

constexpr std::size_t k_head_most = 65'536;

// The body's beginning is kept; what is longer but announced to be no longer than the second is read to its end and
// dropped, for that is cheaper than a new connection.
constexpr std::size_t k_body_kept = k_error_text_most;
constexpr std::int64_t k_body_drained_most = 65'536;

template <typename Value>
void set(void* easy, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    if (code == CURLE_OUT_OF_MEMORY) {
        throw std::bad_alloc();
    }
    if (code != CURLE_OK) {
        throw std::runtime_error(std::string("libcurl refuses an option: ") + curl_easy_strerror(code));
    }
}

template <typename Value>
Value get(void* easy, CURLINFO info) noexcept {
    Value value{};
    curl_easy_getinfo(easy, info, &value);
    return value;
}

std::string url(const config::HandlerSink& handler) {
    return "http://" + (handler.socket.empty() ? handler.address : std::string("localhost")) + '/';
}

void set_route(void* easy, const config::HandlerSink& handler) {
    set(easy, CURLOPT_URL, url(handler).c_str());
    // As it stands in the file: libcurl would tidy it up.
    set(easy, CURLOPT_REQUEST_TARGET, handler.path.c_str());
    if (!handler.socket.empty()) {
        set(easy, CURLOPT_UNIX_SOCKET_PATH, handler.socket.c_str());
    }
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(handler.timeout.count()));
    set(easy, CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min(handler.timeout, k_connect_timeout).count()));
}

// Nothing but the handler itself is called, whatever the environment says or the handler answers.
void set_manners(void* easy) {
    set(easy, CURLOPT_PROTOCOLS_STR, "http");
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_BUFFERSIZE, k_buffer_bytes);
    set(easy, CURLOPT_MAXAGE_CONN, k_idle_most_s);
    set(easy, CURLOPT_POST, 1L);
}

bool is_blank(std::string_view line) noexcept {
    return line == "\r\n" || line == "\n";
}

// The value when `line` is the header `name` (in lower case), else nullopt.
std::optional<std::string_view> value_of(std::string_view name, std::string_view line) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        !std::equal(name.begin(), name.end(), line.begin(), [&](char a, char b) { return a == lower(b); })) {
        return std::nullopt;
    }
    line.remove_prefix(name.size() + 1);
    const std::size_t first = line.find_first_not_of(" \t");
    const std::size_t last = line.find_last_not_of(" \t\r\n");
    return first == std::string_view::npos || last < first || last == std::string_view::npos
               ? std::string_view()
               : line.substr(first, last - first + 1);
}

std::int64_t parse_length(std::string_view digits) noexcept {
    std::int64_t length = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    return error == std::errc() && end == digits.data() + digits.size() ? length : -1;
}

}  // namespace

struct HttpCall::Line {
    curl_slist node;
};

HttpCall::HttpCall(const config::HandlerSink& handler, std::size_t number)
    : number_(number), easy_(curl_easy_init()) {
    if (easy_ == nullptr) {
        throw std::bad_alloc();
    }
    set_route(easy_, handler);
    set_manners(easy_);
    set(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
    set(easy_, CURLOPT_ERRORBUFFER, error_.data());
    set(easy_, CURLOPT_HEADERFUNCTION, &HttpCall::on_head);
    set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(easy_, CURLOPT_WRITEFUNCTION, &HttpCall::on_body);
    set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(easy_, CURLOPT_PREREQFUNCTION, &HttpCall::on_connected);
    set(easy_, CURLOPT_PREREQDATA, static_cast<void*>(this));
}

HttpCall::~HttpCall() {
    curl_easy_cleanup(easy_);
}

void HttpCall::prepare(std::string_view body) {
    head_.leave_out("Expect");
    head_.leave_out("Accept");
    lines_.resize(head_.size());
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        lines_[i].node.data = const_cast<char*>(head_.line(i));
        lines_[i].node.next = i + 1 < lines_.size() ? &lines_[i + 1].node : nullptr;
    }
    set(easy_, CURLOPT_HTTPHEADER, &lines_.front().node);
    request_body_ = body.size();
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(easy_, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data());

    status_ = 0;
    head_is_whole_ = false;
    cut_ = false;
    head_bytes_ = 0;
    announced_ = -1;
    received_ = 0;
    retry_after_.clear();
    body_.clear();
    trouble_.clear();
    error_.front() = '\0';
}

Answer HttpCall::finish(int curl_code) {
    status_ = static_cast<int>(get<long>(easy_, CURLINFO_RESPONSE_CODE));
    const CallEnd end = end_of(curl_code);
    if (end == CallEnd::down) {
        const auto error = static_cast<int>(get<long>(easy_, CURLINFO_OS_ERRNO));
        trouble_ = error != 0 ? std::generic_category().message(error) : std::string(error_.data());
    }
    return {.end = end,
            .status = status_,
            .retry_after = retry_after_,
            .body = body_,
            .trouble = trouble_,
            .took = std::chrono::microseconds(get<curl_off_t>(easy_, CURLINFO_TOTAL_TIME_T))};
}

bool HttpCall::is_whole() const noexcept {
    return head_is_whole_ && announced_ >= 0 && received_ >= announced_;
}

bool HttpCall::has_sent_all() const {
    return get<curl_off_t>(easy_, CURLINFO_SIZE_UPLOAD_T) >= static_cast<curl_off_t>(request_body_);
}

CallEnd HttpCall::end_of(int curl_code) const {
    if (cut_ || (is_whole() && curl_code != CURLE_OK)) {
        return CallEnd::answered;
    }
    switch (curl_code) {
        case CURLE_OK:
            // It is content with a head that breaks off.
            return head_is_whole_ ? CallEnd::answered : CallEnd::closed;
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_HOST:
            // After a kept connection has ended without a word, libcurl connects again by itself: the request went out
            // on the first one, so the handler may have worked on it.
            return may_write() ? end_of_connect() : CallEnd::closed;
        case CURLE_OPERATION_TIMEDOUT:
            return may_write() && get<curl_off_t>(easy_, CURLINFO_PRETRANSFER_TIME_T) == 0 ? CallEnd::busy
                                                                                           : CallEnd::timeout;
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_ERROR:
        case CURLE_ABORTED_BY_CALLBACK:
            return CallEnd::closed;
        case CURLE_RECV_ERROR:
            // Also what it says of a chunk that is none; then the system has nothing to say.
            return get<long>(easy_, CURLINFO_OS_ERRNO) != 0 ? CallEnd::closed : CallEnd::garbage;
        default:
            return CallEnd::garbage;
    }
}

CallEnd HttpCall::end_of_connect() const {
    switch (get<long>(easy_, CURLINFO_OS_ERRNO)) {
        case 0:  // libcurl 7.88 on a Unix socket: EAGAIN, which it takes for "in progress"
        case EAGAIN:
        case ETIMEDOUT:
            return CallEnd::busy;
        default:
            return CallEnd::down;
    }
}

bool HttpCall::take_head(std::string_view line) {
    head_bytes_ += line.size();
    if (head_bytes_ > k_head_most) {
        return false;
    }
    if (line.starts_with("HTTP/")) {  // again after an interim answer
        head_is_whole_ = false;
        announced_ = -1;
        retry_after_.clear();
    } else if (is_blank(line)) {
        const long status = get<long>(easy_, CURLINFO_RESPONSE_CODE);
        head_is_whole_ = status >= 200 || status == 101;
        announced_ = status == 204 ? 0 : announced_;
        // After a 101 libcurl would wait for whatever protocol comes next.
        cut_ = status == 101 || (is_whole() && !has_sent_all());
    } else if (const auto length = value_of("content-length", line)) {
        announced_ = parse_length(*length);
    } else if (const auto wait = value_of("retry-after", line)) {
        retry_after_ = *wait;
    }
    return !cut_;
}

bool HttpCall::take_body(std::string_view bytes) {
    received_ += static_cast<std::int64_t>(bytes.size());
    body_ += bytes.substr(0, std::min(bytes.size(), k_body_kept - body_.size()));
    const bool too_long = received_ > static_cast<std::int64_t>(k_body_kept) &&
                          (announced_ < 0 || announced_ > k_body_drained_most);
    cut_ = too_long || (is_whole() && !has_sent_all());
    return !cut_;
}

bool HttpCall::may_write() const {
    return get<long>(easy_, CURLINFO_REQUEST_SIZE) == 0;
}

std::size_t HttpCall::on_head(char* data, std::size_t size, std::size_t count, void* call) noexcept {
    return static_cast<HttpCall*>(call)->take_head({data, size * count}) ? size * count : 0;
}

std::size_t HttpCall::on_body(char* data, std::size_t size, std::size_t count, void* call) noexcept {
    return static_cast<HttpCall*>(call)->take_body({data, size * count}) ? size * count : 0;
}

int HttpCall::on_connected(void* call, char* /*remote*/, char* /*local*/, int /*remote_port*/,
                           int /*local_port*/) noexcept {
    return static_cast<HttpCall*>(call)->may_write() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

}  // namespace laterd::sink
