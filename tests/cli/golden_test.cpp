// One file for each kind of problem in golden/, with the exact text that `laterd check` answers.
#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "cli/call.h"
#include "support/catch.hpp"

using namespace laterd;

namespace {

const std::filesystem::path k_golden = LATERD_GOLDEN;

std::vector<std::string> golden_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(k_golden)) {
        if (entry.path().extension() == ".yaml") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

// The text names the version that is installed.
std::string without_version(const std::string& text) {
    static const std::regex version("librdkafka [0-9.]+ ");
    return std::regex_replace(text, version, "librdkafka VERSION ");
}

}  // namespace

TEST_CASE("every problem of a routing table is reported at its place, with what was expected", "[golden]") {
    const std::vector<std::string> names = golden_names();
    REQUIRE(names.size() > 40);
    for (const std::string& name : names) {
        DYNAMIC_SECTION(name) {
            const support::Ended ended = support::call_laterd({.arguments = {"check", "-c", name + ".yaml"},
                                                               .environment = {{"CREDENTIALS_DIRECTORY", ""}},
                                                               .folder = k_golden});
            const std::string answer = ended.err + "exit " + std::to_string(ended.code) + "\n";
            CHECK(without_version(answer) ==
                  without_version(support::read_text(k_golden / (name + ".expected"))));
            CHECK(ended.out.empty());
        }
    }
}
