#include "cli/handler_rule.h"

#include <fstream>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_folder.h"

using namespace laterd;
using Catch::Contains;

namespace {

config::Route calling(const std::filesystem::path& socket) {
    config::Route route{.name = "r"};
    route.handler = config::HandlerSink{.socket = socket.string()};
    return route;
}

}  // namespace

TEST_CASE("a socket that is absent is a warning, a file in its place an error", "[connect]") {
    const support::TempFolder folder("socket");
    const auto absent = cli::judge_handler(calling(folder.path() / "none.sock"));
    REQUIRE(absent.size() == 1);
    CHECK(absent[0].severity == config::Severity::warning);
    CHECK(absent[0].path.str() == "routes.r.to.handler.socket");
    CHECK_THAT(absent[0].text, Contains("No such file or directory"));

    std::ofstream(folder.path() / "file.sock") << "x";
    const auto file = cli::judge_handler(calling(folder.path() / "file.sock"));
    REQUIRE(file.size() == 1);
    CHECK(file[0].severity == config::Severity::error);
}

TEST_CASE("a socket that is there and an address are right", "[connect]") {
    const support::TempFolder folder("socket");
    const std::string path = (folder.path() / "s").string();
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(cli::judge_handler(calling(path)).empty());
    close(fd);

    config::Route by_address{.name = "r"};
    by_address.handler = config::HandlerSink{.address = "127.0.0.1:1"};
    CHECK(cli::judge_handler(by_address).empty());
}
