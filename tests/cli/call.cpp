#include "cli/call.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/child_process.h"
#include "support/temp_folder.h"

namespace laterd::support {

namespace {

std::string binary() {
    const char* path = std::getenv("LATERD_BINARY");
    if (path == nullptr) {
        throw std::runtime_error("LATERD_BINARY names no laterd; run the tests with meson test");
    }
    return path;
}

}  // namespace

Ended call_laterd(const Call& call, std::chrono::milliseconds within) {
    const TempFolder folder("cli");
    const std::string out = (folder.path() / "out").string();
    const std::string err = (folder.path() / "err").string();
    std::vector<std::string> arguments{"/bin/sh", "-c", "exec \"$0\" \"$@\" >'" + out + "' 2>'" + err + "'",
                                       binary()};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    ChildProcess process({.arguments = arguments,
                          .environment = call.environment,
                          .folder = call.folder,
                          .output = folder.path() / "shell"});
    const int code = process.wait(within).value_or(-1);
    return {.code = code, .out = read_text(out), .err = read_text(err)};
}

std::string read_text(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

}  // namespace laterd::support
