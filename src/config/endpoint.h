// Where a handler listens: a Unix socket or a loopback address, and the path of the request.
#pragma once

#include <optional>
#include <string>

namespace laterd::config {

// What is wrong with the text and what was expected; nullopt when it is right.
std::optional<std::string> problem_of_socket(const std::string& text);
std::optional<std::string> problem_of_loopback_address(const std::string& text);
std::optional<std::string> problem_of_request_path(const std::string& text);

}  // namespace laterd::config
