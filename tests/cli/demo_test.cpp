// The demo as a user sees it: the main job on a broker of its own, and that broker for other programs.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "cli/call.h"
#include "support/await.h"
#include "support/catch.hpp"
#include "support/child_process.h"
#include "support/temp_folder.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;
using support::read_text;

namespace {

class Demo {
  public:
    explicit Demo(std::vector<std::string> options = {}) : output_(folder_.path() / "output") {
        std::vector<std::string> arguments = {::getenv("LATERD_BINARY"), "demo"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        process_ = std::make_unique<support::ChildProcess>(
            support::ChildProcess::Options{.arguments = arguments, .output = output_});
    }

    support::ChildProcess& process() { return *process_; }
    std::string output() const { return read_text(output_); }

    // Waits for text like this and returns its first group; empty when none came.
    std::string await(const std::string& pattern) const {
        std::smatch match;
        std::string text;
        const bool came = support::eventually(20s, [&] {
            text = output();
            return std::regex_search(text, match, std::regex(pattern));
        });
        return came ? match[1].str() : std::string();
    }

  private:
    support::TempFolder folder_{"demo"};
    std::filesystem::path output_;
    std::unique_ptr<support::ChildProcess> process_;
};

}  // namespace

TEST_CASE("the demo shows records that wait and go, nothing else, and ends on Ctrl-C with a summary") {
    Demo demo;
    // Consumed, held, released.
    CHECK_FALSE(demo.await("orders-3s +\\d+ +\\d+ +([1-9]\\d*)").empty());
    CHECK_FALSE(demo.await("reminders +\\d+ +\\d+ +([1-9]\\d*)").empty());
    demo.process().signal(SIGINT);
    CHECK(demo.process().wait(10s) == 0);
    INFO(demo.output());
    CHECK(std::regex_search(demo.output(),
                            std::regex("orders-3s: \\d+ records read, [1-9]\\d* released when due")));
    CHECK_THAT(demo.output(), !Contains("level="));
}

TEST_CASE("what the demo serves may be checked against") {
    Demo demo({"--serve"});
    const std::string broker = demo.await("brokers: \\[([^\\]]+)\\]");
    REQUIRE_FALSE(broker.empty());
    const support::TempFolder folder("checked");
    support::write_text(folder.path() / "t.yaml",
                        "clusters: {demo: {brokers: [\"" + broker +
                            "\"]}}\nroutes:\n  own: {from: {topics: [orders], group: own}, delay: 3s, to: "
                            "{topic: orders.later}}\n");
    const support::Ended checked = support::call_laterd(
        {.arguments = {"check", "--connect", "-c", "t.yaml"}, .environment = {}, .folder = folder.path()});
    CHECK(checked.code == 0);
    CHECK(checked.err.empty());
    demo.process().signal(SIGTERM);
    CHECK(demo.process().wait(10s) == 0);
}
