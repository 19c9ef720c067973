#include "admin/client.h"

#include <curl/curl.h>

#include <memory>
#include <optional>

#include "config/endpoint.h"

namespace laterd::admin {

namespace {

constexpr long k_timeout_ms = 3'000;

std::size_t take(char* data, std::size_t size, std::size_t count, void* body) {
    static_cast<std::string*>(body)->append(data, size * count);
    return size * count;
}

// Listening on every address is not a place to connect to.
std::string base_url(const std::string& listen) {
    const auto [host, port] = config::split_address(listen);
    if (host == "0.0.0.0") {
        return "http://127.0.0.1:" + port;
    }
    return "http://" + (host == "[::]" ? "[::1]" : host) + ":" + port;
}

}  // namespace

Reply ask(const std::string& listen, const std::string& path) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
    Reply reply;
    if (!easy) {
        reply.error = "no memory";
        return reply;
    }
    const std::optional<std::string> socket = config::socket_of(listen);
    const std::string url = (socket ? "http://localhost" : base_url(listen)) + path;
    if (socket) {
        curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, socket->c_str());
    }
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");  // the environment's is not meant
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, k_timeout_ms);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &take);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &reply.body);
    const CURLcode code = curl_easy_perform(easy.get());
    if (code != CURLE_OK) {
        reply.error = curl_easy_strerror(code);
        return reply;
    }
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    return reply;
}

}  // namespace laterd::admin
