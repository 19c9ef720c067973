// The built `laterd` as a user calls it: arguments, environment, exit code and what it wrote.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace laterd::support {

struct Ended {
    int code = -1;  // -1: it did not end in time
    std::string out;
    std::string err;
};

struct Call {
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;
    std::filesystem::path folder;  // where it runs; empty: where the test runs
};

// The binary is what LATERD_BINARY names; throws std::runtime_error without it.
Ended call_laterd(const Call& call, std::chrono::milliseconds within = std::chrono::seconds(20));

std::string read_text(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, const std::string& text);

}  // namespace laterd::support
