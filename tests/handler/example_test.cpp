// The handlers of config/examples, run as they are.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/await.h"
#include "support/catch.hpp"
#include "support/child_process.h"
#include "support/temp_folder.h"
#include "world.h"

using namespace laterd;
using namespace laterd::handler_test;
using namespace std::chrono_literals;
using core::Reason;

namespace {

struct Example {
    std::string interpreter;  // empty: it is not there
    std::string file;
};

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("an example handler takes records, refuses what it cannot read, and keeps its connections",
          "[example]") {
    const Example example =
        GENERATE(Example{LATERD_PYTHON, "handler.py"}, Example{LATERD_NODE, "handler.mjs"});
    if (example.interpreter.empty()) {
        WARN("no interpreter for " << example.file);
        return;
    }
    const support::TempFolder folder("example");
    const std::filesystem::path output = folder.path() / "output";
    World world(Transport::unix_socket);
    world.handler.socket = (folder.path() / "example.sock").string();
    const support::ChildProcess program(
        {.arguments = {example.interpreter, LATERD_EXAMPLES "/" + example.file, world.handler.socket},
         .output = output});

    const support::RecordText good{.value = R"({"amount": 7})", .headers = {{"n", "v"}, {"ce_id", "1"}}};
    REQUIRE(support::eventually(20s, [&] { return world.call(good).reason != Reason::handler_down; }));
    CHECK(world.call(good).result == Result::delivered);
    CHECK(content(output).find("orders/3/42 ") != std::string::npos);

    const core::Outcome refused = world.call({.value = "no JSON"});
    CHECK(refused.result == Result::rejected);
    CHECK(refused.code == 422);
    CHECK(
        (error_of(refused).find("JSON") != std::string::npos || error_of(refused).starts_with("Expecting")));
    CHECK(world.call({.value = std::nullopt}).code == 422);

    for (int i = 0; i < 64; ++i) {
        world.deliver(good);
    }
    for (const core::Outcome& outcome : world.outcomes(64)) {
        CHECK(outcome.result == Result::delivered);
    }
    // A whole 8 KiB of headers and a long key.
    CHECK(world
              .call({.key = std::string(1'000, '\xFF'),
                     .value = "7",
                     .headers = {{"a", std::string(8'190, 'x')}}})
              .result == Result::delivered);
}
