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

constexpr std::string_view k_unix = "unix:";

// An address as numbers, or the name of this host.
bool is_address(const std::string& host) {
    in_addr v4{};
    in6_addr v6{};
    const bool in_brackets = host.starts_with('[') && host.ends_with(']');
    return host == "localhost" || inet_pton(AF_INET, host.c_str(), &v4) == 1 ||
           (in_brackets && inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6) == 1);
}

bool is_port(const std::string& text) {
    const Parsed<std::int64_t> port = parse_integer(text);
    return port && *port >= 1 && *port <= 65'535;
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
    const auto [host, port] = split_address(text);
    if (!is_port(port)) {
        return fmt::format("{} is not an address; expected 127.0.0.1:PORT, [::1]:PORT or localhost:PORT",
                           quote(text));
    }
    if (!is_loopback(host)) {
        return fmt::format(
            "{} is not a loopback address; expected 127.0.0.1:{}, for a handler runs on the same host",
            quote(text), port);
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

std::optional<std::string> problem_of_listen(const std::string& text) {
    if (const std::optional<std::string> path = socket_of(text)) {
        return problem_of_socket(*path);
    }
    const auto [host, port] = split_address(text);
    if (!is_port(port) || !is_address(host)) {
        return fmt::format(
            "{} is not where to listen; expected an address like 127.0.0.1:9464, or unix:PATH like "
            "unix:/run/laterd/admin.sock",
            quote(text));
    }
    return std::nullopt;
}

Address split_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    return {.host = text.substr(0, colon), .port = colon == std::string::npos ? "" : text.substr(colon + 1)};
}

bool is_loopback(const std::string& host) {
    in_addr address{};
    return host == "localhost" || host == "[::1]" ||
           (inet_pton(AF_INET, host.c_str(), &address) == 1 && host.starts_with("127."));
}

bool is_open_to_others(const std::string& listen) {
    return !socket_of(listen) && !is_loopback(split_address(listen).host);
}

std::optional<std::string> socket_of(const std::string& listen) {
    return listen.starts_with(k_unix) ? std::optional(listen.substr(k_unix.size())) : std::nullopt;
}

}  // namespace laterd::config
