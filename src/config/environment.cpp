#include "config/environment.h"

#include "config/file.h"
#include "config/quote.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace laterd::config {

namespace {

constexpr off_t k_largest_secret = off_t{1} << 20;

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Parsed<SecretFile> read_secret_file(const std::filesystem::path& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) {
        return Problem{fmt::format("{} cannot be read: {}; expected a file with the value",
                                   quote(path.string()), std::strerror(errno))};
    }
    // A device or a pipe would keep the reader waiting.
    if (!S_ISREG(status.st_mode) || status.st_size > k_largest_secret) {
        return Problem{fmt::format("{} is not a regular file of at most 1MiB", quote(path.string()))};
    }
    const Parsed<std::string> content = read_file(path);
    if (!content) {
        return Problem{fmt::format("{} cannot be read: {}; expected a file that laterd may read",
                                   quote(path.string()), content.problem())};
    }
    return SecretFile{.content = *content, .is_world_readable = (status.st_mode & S_IRWXO) != 0};
}

}  // namespace laterd::config
