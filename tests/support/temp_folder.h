// A folder that is removed with everything in it, unless LATERD_TEST_KEEP is set.
#pragma once

#include <filesystem>
#include <string_view>

namespace laterd::support {

class TempFolder {
  public:
    explicit TempFolder(std::string_view name);
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace laterd::support
