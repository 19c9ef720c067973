#include "config/file.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>

namespace laterd::config {

namespace {

constexpr std::size_t k_most = std::size_t{4} << 20;

struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

Parsed<std::string> read_file(const std::filesystem::path& path) {
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
    if (file == nullptr) {
        return Problem{std::strerror(errno)};
    }
    std::string text;
    std::array<char, 65'536> part{};
    while (text.size() < k_most && std::feof(file.get()) == 0) {
        const std::size_t length = std::fread(part.data(), 1, part.size(), file.get());
        if (std::ferror(file.get()) != 0) {
            return Problem{std::strerror(errno)};
        }
        text.append(part.data(), length);
    }
    return text;
}

}  // namespace laterd::config
