#include "cli/version.h"

namespace laterd::cli {

namespace {

#ifdef __clang__
constexpr const char* k_compiler = "Clang " __clang_version__;
#else
constexpr const char* k_compiler = "GCC " __VERSION__;
#endif

}  // namespace

std::string version() {
    return LATERD_VERSION;
}

std::string version_text(const std::string& librdkafka) {
    return std::string("laterd " LATERD_VERSION " (librdkafka ") + librdkafka + "; built with " + k_compiler +
           ", " LATERD_BUILD_TYPE ")";
}

}  // namespace laterd::cli
