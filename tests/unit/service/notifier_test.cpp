// What goes through the socket that a service manager gives to its services.
#include "service/notifier.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "support/catch.hpp"
#include "support/notify_socket.h"

using namespace laterd;
using namespace std::chrono_literals;
using support::NotifySocket;

namespace {

// The environment is the process's: set while it lives.
class Variable {
  public:
    Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

}  // namespace

TEST_CASE("without a service manager nobody listens and nothing is to be fed", "[service]") {
    ::unsetenv("NOTIFY_SOCKET");
    const Variable watchdog("WATCHDOG_USEC", "1000000");
    service::Notifier notifier;
    CHECK_FALSE(notifier.is_heard());
    CHECK_FALSE(notifier.watchdog());
    notifier.ready("all is well");
    notifier.status("all is well");
    notifier.feed();
}

#ifdef LATERD_SYSTEMD

TEST_CASE("every message arrives as the manager expects it, by path and by abstract name", "[service]") {
    const auto kind = GENERATE(NotifySocket::Kind::path, NotifySocket::Kind::abstract);
    NotifySocket manager(kind);
    const Variable socket("NOTIFY_SOCKET", manager.name());
    service::Notifier notifier;
    REQUIRE(notifier.is_heard());

    notifier.ready("3 routes running");
    CHECK(manager.receive(1s) == "READY=1\nSTATUS=3 routes running");
    notifier.reloading(std::chrono::steady_clock::time_point(1'234'567us));
    CHECK(manager.receive(1s) == "RELOADING=1\nMONOTONIC_USEC=1234567");
    notifier.stopping(7s);
    CHECK(manager.receive(1s) == "STOPPING=1\nEXTEND_TIMEOUT_USEC=7000000");
    notifier.feed();
    CHECK(manager.receive(1s) == "WATCHDOG=1");
}

TEST_CASE("a status is one line, and the same one is not sent twice", "[service]") {
    NotifySocket manager;
    const Variable socket("NOTIFY_SOCKET", manager.name());
    service::Notifier notifier;
    notifier.ready("nothing waits");
    CHECK(manager.receive(1s));
    notifier.status("nothing waits");
    CHECK_FALSE(manager.receive(0ms));
    notifier.status("1 record waits\nREADY=1");
    CHECK(manager.receive(1s) == "STATUS=1 record waits READY=1");
    notifier.status("nothing waits");
    CHECK(manager.receive(1s) == "STATUS=nothing waits");
}

TEST_CASE("a watchdog counts when it is meant for this process", "[service]") {
    NotifySocket manager;
    const Variable socket("NOTIFY_SOCKET", manager.name());
    const Variable timeout("WATCHDOG_USEC", "30000000");
    CHECK(service::Notifier().watchdog() == 30s);
    {
        const Variable mine("WATCHDOG_PID", std::to_string(::getpid()));
        CHECK(service::Notifier().watchdog() == 30s);
    }
    const Variable other("WATCHDOG_PID", "1");
    CHECK_FALSE(service::Notifier().watchdog());
}

TEST_CASE("a manager that is gone is no reason to fail", "[service]") {
    std::optional<NotifySocket> manager(std::in_place);
    const Variable socket("NOTIFY_SOCKET", manager->name());
    service::Notifier notifier;
    manager.reset();
    CHECK_NOTHROW(notifier.feed());
}

#endif
