// Where a handler listens (a Unix socket or a loopback address), the path of the request, and where the admin endpoint
// listens.
#pragma once

#include <optional>
#include <string>

namespace laterd::config {

// What is wrong with the text and what was expected; nullopt when it is right.
std::optional<std::string> problem_of_socket(const std::string& text);
std::optional<std::string> problem_of_loopback_address(const std::string& text);
std::optional<std::string> problem_of_request_path(const std::string& text);
std::optional<std::string> problem_of_listen(const std::string& text);

// HOST:PORT, an IPv6 address in brackets; the port is empty when there is none.
struct Address {
    std::string host;
    std::string port;
};
Address split_address(const std::string& text);

// 127.0.0.0/8, ::1 in brackets, or the name that stands for them.
bool is_loopback(const std::string& host);

// Whether other machines may reach what listens there.
bool is_open_to_others(const std::string& listen);

// The path of `unix:PATH`; nullopt for an address.
std::optional<std::string> socket_of(const std::string& listen);

}  // namespace laterd::config
