// The endpoint on real sockets.
#include "admin/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "admin/client.h"
#include "admin/listener.h"
#include "support/catch.hpp"
#include "support/free_port.h"
#include "support/temp_folder.h"
#include "unit/admin/state.h"

using namespace laterd;
using Catch::Contains;

namespace {

std::string loopback() {
    return "127.0.0.1:" + std::to_string(support::free_port());
}

admin::ProcessState look() {
    static const tests::Process process;
    return process.state;
}

}  // namespace

TEST_CASE("the endpoint answers on an address", "[admin]") {
    const std::string listen = GENERATE(std::string("127.0.0.1:"), std::string("[::1]:"),
                                        std::string("localhost:"), std::string("0.0.0.0:")) +
                               std::to_string(support::free_port());
    INFO(listen);
    const admin::Server server(listen, look);
    const admin::Reply reply = admin::ask(listen, "/livez");
    CHECK(reply.status == 200);
    CHECK(reply.body == "ok\n");
    CHECK_THAT(admin::ask(listen, "/status").body, Contains("\"orders-15m\""));
    CHECK(admin::ask(listen, "/nothing").status == 404);
}

TEST_CASE("the endpoint answers on a Unix socket, which only owner and group may use", "[admin]") {
    const support::TempFolder folder("admin");
    const std::string path = folder.path() / "admin.sock";
    {
        const admin::Server server("unix:" + path, look);
        CHECK(admin::ask("unix:" + path, "/readyz").status == 200);
        struct stat found{};
        REQUIRE(::stat(path.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777) == 0660);
    }
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(admin::ask("unix:" + path, "/livez").status == 0);
}

TEST_CASE("a socket that a killed process left behind is replaced", "[admin]") {
    const support::TempFolder folder("admin");
    const std::string path = folder.path() / "admin.sock";
    {
        const loop::Fd left = admin::listen_at("unix:" + path);
    }
    REQUIRE(std::filesystem::exists(path));
    const admin::Server server("unix:" + path, look);
    CHECK(admin::ask("unix:" + path, "/livez").status == 200);
}

TEST_CASE("nobody's place is taken", "[admin]") {
    const support::TempFolder folder("admin");
    const std::string path = folder.path() / "admin.sock";
    const std::string address = loopback();
    const admin::Server on_socket("unix:" + path, look);
    const admin::Server on_address(address, look);
    CHECK_THROWS_WITH(admin::Server("unix:" + path, look), Contains(path) && Contains("in use"));
    CHECK_THROWS_WITH(admin::Server(address, look), Contains(address) && Contains("in use"));
    CHECK(admin::ask("unix:" + path, "/livez").status == 200);

    const std::string file = folder.path() / "precious";
    REQUIRE(::mknod(file.c_str(), S_IFREG | 0600, 0) == 0);
    CHECK_THROWS(admin::Server("unix:" + file, look));
    CHECK(std::filesystem::is_regular_file(file));
    CHECK_THROWS_WITH(admin::Server("unix:" + (folder.path() / "no" / "folder").string(), look),
                      Contains("No such file"));
}

TEST_CASE("whoever says nothing keeps nobody else from asking", "[admin]") {
    const support::TempFolder folder("admin");
    const std::string path = folder.path() / "admin.sock";
    const admin::Server server("unix:" + path, look);
    std::vector<loop::Fd> silent;
    for (int i = 0; i < 20; ++i) {
        silent.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::connect(silent.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
    }
    CHECK(admin::ask("unix:" + path, "/metrics").status == 200);
}

TEST_CASE("a state that cannot be told costs the answer, not the process", "[admin]") {
    const std::string listen = loopback();
    const admin::Server server(listen,
                               []() -> admin::ProcessState { throw std::runtime_error("no memory"); });
    CHECK(admin::ask(listen, "/status").status == 0);
    CHECK(admin::ask(listen, "/status").status == 0);
}
