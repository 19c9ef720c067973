#include "support/temp_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace laterd::support {

TempFolder::TempFolder(std::string_view name) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / ("laterd-" + std::string(name) + "-XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), pattern);
    }
    path_ = pattern;
}

TempFolder::~TempFolder() {
    if (::getenv("LATERD_TEST_KEEP") == nullptr) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

}  // namespace laterd::support
