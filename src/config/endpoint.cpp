#include "config/endpoint.h"

#include "config/quote.h"
#include "config/scalar.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace laterd::config {

namespace {

constexpr std::size_t k_longest_socket = sizeof(sockaddr_un::sun_path) - 1;

// 127.0.0.0/8, ::1 in brackets, or the name that stands for them.
bool is_loopback(const std::string& host) {
    in_addr address{};
    return host == "localhost" || host == "[::1]" ||
           (inet_pton(AF_INET, host.c_str(), &address) == 1 && host.starts_with("127."));
}

// What may stand in the first line of a request.
bool is_visible_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<std::string> problem_of_socket(const std::string& text) {
    const bool is_plain = std::none_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (!text.starts_with('/') || text.ends_with('/') || !is_plain) {
        return fmt::format(
            "{} is not the path of a socket; expected one from the root like /run/orders/laterd.sock",
            quote(text));
    }
    if (text.size() > k_longest_socket) {
        return fmt::format(
            "{} is {} bytes long; expected at most {}, all that an address of a Unix socket takes",
            quote(text), text.size(), k_longest_socket);
    }
    return std::nullopt;
}

std::optional<std::string> problem_of_loopback_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const std::string host = text.substr(0, colon);
    const Parsed<std::int64_t> port = parse_integer(colon == std::string::npos ? "" : text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535) {
        return fmt::format("{} is not an address; expected 127.0.0.1:PORT, [::1]:PORT or localhost:PORT",
                           quote(text));
    }
    if (!is_loopback(host)) {
        return fmt::format(
            "{} is not a loopback address; expected 127.0.0.1:{}, for a handler runs on the same host",
            quote(text), *port);
    }
    return std::nullopt;
}

std::optional<std::string> problem_of_request_path(const std::string& text) {
    if (!text.starts_with('/') || !is_visible_ascii(text) || text.find('#') != std::string::npos) {
        return fmt::format("{} is not a path; expected one like /orders, with other characters as %XY",
                           quote(text));
    }
    return std::nullopt;
}

}  // namespace laterd::config
