// The handler sink against a real server that does its worst, over a Unix socket and over 127.0.0.1.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <string>

#include <dirent.h>
#include <sys/stat.h>

#include "support/catch.hpp"
#include "world.h"

using namespace laterd;
using namespace laterd::handler_test;
using namespace std::chrono_literals;
using core::Reason;
using support::answer;
using support::HttpRequest;

namespace {

constexpr std::uint64_t k_flood = 100'000'000;

Transport any_transport() {
    return GENERATE(Transport::unix_socket, Transport::loopback);
}

int open_files() {
    int count = 0;
    DIR* const folder = opendir("/proc/self/fd");
    while (readdir(folder) != nullptr) {
        ++count;
    }
    closedir(folder);
    return count;
}

}  // namespace

TEST_CASE("a record arrives as the contract says", "[sink]") {
    World world(any_transport());
    support::HttpServer& server = world.serve([](const HttpRequest&) { return answer(200); });
    const core::Outcome outcome =
        world.call({.key = "a b",
                    .value = std::string("\0\xFF\r\n", 4),
                    .headers = {{"content-type", "text/plain"}, {"n", std::nullopt}},
                    .attempts = 2});
    CHECK(outcome.result == Result::delivered);
    CHECK(outcome.reason == Reason::none);
    CHECK(stored(outcome).error == nullptr);
    REQUIRE(server.requests().size() == 1);
    const HttpRequest request = server.requests().front();
    CHECK(request.method == "POST");
    CHECK(request.target == "/payments?tenant=7");
    CHECK(request.body == std::string("\0\xFF\r\n", 4));
    CHECK(request.one("Host") == (world.is_unix() ? "localhost" : server.address()));
    CHECK(request.one("Content-Length") == "4");
    CHECK(request.one("Content-Type") == "text/plain");
    CHECK(request.one("Kafka-Key") == "a%20b");
    CHECK(request.one("Laterd-Attempt") == "3");
    CHECK(request.one("Laterd-Max-Attempts") == "5");
    CHECK(request.one("Idempotency-Key") == "orders/3/42");
    CHECK(request.all("Kafka-Header") == std::vector<std::string>{"content-type=text%2Fplain", "n"});
    // Nothing that libcurl would add of its own.
    for (const char* name : {"Expect", "Accept", "User-Agent", "Accept-Encoding", "Transfer-Encoding"}) {
        CHECK(request.all(name).empty());
    }
}

TEST_CASE("a tombstone, an empty key and an empty value arrive", "[sink]") {
    World world(any_transport());
    support::HttpServer& server = world.serve([](const HttpRequest&) { return answer(204); });
    CHECK(world.call({.key = "", .value = std::nullopt}).result == Result::delivered);
    CHECK(world.call({.value = ""}).result == Result::delivered);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].one("Kafka-Value") == "null");
    CHECK(requests[0].one("Kafka-Key") == "");
    CHECK(requests[0].one("Content-Length") == "0");
    CHECK(requests[1].one("Kafka-Value") == std::nullopt);
    CHECK(requests[1].one("Kafka-Key") == std::nullopt);
    CHECK(requests[1].one("Content-Length") == "0");
}

TEST_CASE("a large value arrives whole", "[sink]") {
    World world(any_transport());
    support::HttpServer& server = world.serve([](const HttpRequest&) { return answer(201, "stored"); });
    std::string value(5'000'000, 'v');
    value.back() = '!';
    CHECK(world.call({.value = value}).result == Result::delivered);
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests().front().body == value);
}

TEST_CASE("every row of the table, from a real answer", "[sink]") {
    World world(any_transport());
    std::atomic<int> status{200};
    world.serve([&](const HttpRequest&) { return answer(status, status == 204 ? "" : "because"); });
    const auto call = [&](int with) {
        status = with;
        return world.call();
    };
    for (const int delivered : {200, 201, 202, 204}) {
        CHECK(call(delivered).result == Result::delivered);
    }
    for (const int retried : {404, 408, 409, 423, 425, 429, 500, 501, 502, 503, 504, 511, 599}) {
        CAPTURE(retried);
        const core::Outcome outcome = call(retried);
        CHECK(outcome.result == Result::retry);
        CHECK(outcome.reason == Reason::http);
        CHECK(outcome.code == retried);
        CHECK_FALSE(outcome.retry_after);
        CHECK(error_of(outcome) == "because");
    }
    for (const int refused :
         {101, 203, 205, 206, 300, 301, 302, 304, 307, 400, 401, 403, 405, 413, 415, 417, 422, 431}) {
        CAPTURE(refused);
        const core::Outcome outcome = call(refused);
        CHECK(outcome.result == Result::rejected);
        CHECK(outcome.reason == Reason::http);
        CHECK(outcome.code == refused);
        CHECK_FALSE(error_of(outcome).empty());
    }
    const core::Outcome gone = call(410);
    CHECK(gone.result == Result::not_attempted);
    CHECK(gone.reason == Reason::handler_gone);
    CHECK(call(200).result == Result::delivered);
}

TEST_CASE("a 404 is dead-lettered when the route says so", "[sink]") {
    World world(Transport::unix_socket);
    world.handler.not_found = config::NotFound::dead_letter;
    world.serve([](const HttpRequest&) { return answer(404); });
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::rejected);
    CHECK(outcome.code == 404);
    CHECK(error_of(outcome) == "the handler answered 404");
}

TEST_CASE("a redirect is not followed", "[sink]") {
    World world(Transport::loopback);
    support::HttpServer& server = world.serve([&](const HttpRequest&) {
        return answer(307, "", {{"Location", "http://" + world.server().address() + "/elsewhere"}});
    });
    CHECK(world.call().result == Result::rejected);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a proxy of the environment is not used", "[sink]") {
    REQUIRE(setenv("http_proxy", "http://127.0.0.1:1", 1) == 0);
    REQUIRE(setenv("ALL_PROXY", "http://127.0.0.1:1", 1) == 0);
    World world(Transport::loopback);
    world.serve([](const HttpRequest&) { return answer(200); });
    CHECK(world.call().result == Result::delivered);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

TEST_CASE("Retry-After comes through in both forms", "[sink]") {
    World world(any_transport());
    std::string wait;
    world.serve([&](const HttpRequest&) { return answer(503, "later", {{"retry-AFTER", wait}}); });
    wait = "17";
    CHECK(world.call().retry_after == 17s);
    // A date in the future of any clock; it is cut to a year.
    wait = "Fri, 31 Dec 9999 23:59:59 GMT";
    CHECK(world.call().retry_after == 8'760h);
    wait = "Sun, 06 Nov 1994 08:49:37 GMT";
    CHECK(world.call().retry_after == 0ms);
    wait = "soon";
    CHECK_FALSE(world.call().retry_after);
}

TEST_CASE("an interim answer is not the answer", "[sink]") {
    World world(any_transport());
    world.serve([](const HttpRequest&) {
        return support::raw(
            "HTTP/1.1 100 Continue\r\nRetry-After: 5\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" +
            answer(503, "busy").bytes);
    });
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::retry);
    CHECK(outcome.code == 503);
    CHECK_FALSE(outcome.retry_after);
}

TEST_CASE("an answer's body may be chunked, or end with the connection", "[sink]") {
    World world(any_transport());
    SECTION("chunked") {
        world.serve([](const HttpRequest&) {
            return support::raw(
                "HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n4\r\n one\r\n0\r\n\r\n");
        });
        CHECK(error_of(world.call()) == "bad one");
        CHECK(error_of(world.call()) == "bad one");
        CHECK(world.server().accepted() == 1);
    }
    SECTION("to the connection's end") {
        world.serve(
            [](const HttpRequest&) { return support::raw_then_close("HTTP/1.0 422 No\r\n\r\nbad one"); });
        const core::Outcome outcome = world.call();
        CHECK(outcome.result == Result::rejected);
        CHECK(error_of(outcome) == "bad one");
    }
}

TEST_CASE("connections are kept, and used again after any whole answer", "[sink]") {
    World world(any_transport());
    int count = 0;
    world.serve([&](const HttpRequest&) {
        static const int statuses[]{204, 200, 503, 400, 404};
        ++count;
        return answer(statuses[count % 5], count % 5 == 0 ? "" : std::string(3'000, 'b'));
    });
    for (int i = 0; i < 20; ++i) {
        world.call();
    }
    CHECK(world.server().requests().size() == 20);
    CHECK(world.server().accepted() == 1);
}

TEST_CASE("a connection that the handler closes after its answer is not missed", "[sink]") {
    World world(any_transport());
    world.serve([](const HttpRequest&) {
        return support::raw_then_close("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    for (int i = 0; i < 10; ++i) {
        CHECK(world.call().result == Result::delivered);
    }
    CHECK(world.server().requests().size() == 10);
}

TEST_CASE("kept connections that the handler closes while they are idle cost nothing", "[sink]") {
    World world(any_transport());
    support::HttpServer& server = world.serve([](const HttpRequest&) { return answer(200); });
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 8; ++i) {
            world.deliver();
        }
        for (const core::Outcome& outcome : world.outcomes(8)) {
            CHECK(outcome.result == Result::delivered);
        }
        server.close_connections();
        REQUIRE(world.until([&] { return server.open() == 0; }));
    }
    CHECK(server.requests().size() == 40);
}

TEST_CASE("requests are in flight together, each once, and may be answered in any order", "[sink]") {
    World world(any_transport());
    constexpr int count = 64;
    support::HttpServer& server = world.serve([](const HttpRequest& request) {
        const bool even = std::stoi(*request.one("Kafka-Offset")) % 2 == 0;
        return even ? support::hold(answer(200)) : answer(500);
    });
    for (int i = 0; i < count; ++i) {
        world.deliver({.offset = i});
    }
    CHECK(world.sink().in_flight() == count);
    std::set<core::Offset> offsets;
    for (const core::Outcome& outcome : world.outcomes(count / 2)) {
        CHECK(outcome.code == 500);
        CHECK(outcome.record->offset % 2 == 1);
        offsets.insert(outcome.record->offset);
    }
    REQUIRE(world.until([&] { return server.held() == count / 2; }));
    CHECK(world.sink().in_flight() == count / 2);
    server.release();
    for (const core::Outcome& outcome : world.outcomes(count / 2)) {
        CHECK(outcome.result == Result::delivered);
        offsets.insert(outcome.record->offset);
    }
    CHECK(offsets.size() == count);
    CHECK(world.sink().in_flight() == 0);
    CHECK(server.accepted() <= count);
}

TEST_CASE("a hung handler times out, and its connection is given up", "[sink]") {
    World world(any_transport());
    world.handler.timeout = 150ms;
    support::HttpServer& server = world.serve([](const HttpRequest&) { return support::hang(); });
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::retry);
    CHECK(outcome.reason == Reason::timeout);
    CHECK(error_of(outcome) == "the handler did not answer in time");
    CHECK(world.last_wait() >= 140ms);
    CHECK(world.last_wait() < 10s);
    CHECK(world.until([&] { return server.open() == 0; }));
}

TEST_CASE("a hung request does not hold up its neighbours", "[sink]") {
    World world(any_transport());
    world.handler.timeout = 2s;
    world.serve([](const HttpRequest& request) {
        return request.one("Kafka-Offset") == "0" ? support::hang() : answer(200);
    });
    world.deliver({.offset = 0});
    for (int i = 1; i <= 20; ++i) {
        CHECK(world.call({.offset = i}).result == Result::delivered);
    }
    CHECK(world.outcomes(1).front().reason == Reason::timeout);
}

TEST_CASE("a head or a body that does not come to its end in time is a timeout", "[sink]") {
    World world(any_transport());
    world.handler.timeout = 150ms;
    const std::string begun =
        GENERATE("HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
                 "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
    world.serve([&](const HttpRequest&) { return support::raw(begun); });
    CHECK(world.call().reason == Reason::timeout);
}

TEST_CASE("a connection that is closed in the middle spends one attempt and one call", "[sink]") {
    World world(any_transport());
    const std::string begun = GENERATE(
        "", "HT", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    CAPTURE(begun);
    const bool is_first = GENERATE(true, false);
    support::HttpServer& server = world.serve([&](const HttpRequest& request) {
        return request.one("Kafka-Offset") == "0" ? answer(200) : support::raw_then_close(begun);
    });
    if (!is_first) {
        // A kept connection: libcurl would call again over another one.
        CHECK(world.call({.offset = 0}).result == Result::delivered);
    }
    const std::size_t before = server.requests().size();
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::retry);
    CHECK((outcome.reason == Reason::closed || (begun == "HT" && outcome.reason == Reason::garbage)));
    CHECK_FALSE(error_of(outcome).empty());
    CHECK(server.requests().size() == before + 1);
    // With large values, too, which are not sent at once.
    const core::Outcome large = world.call({.value = std::string(300'000, 'x')});
    CHECK(large.result == Result::retry);
    CHECK(server.requests().size() == before + 2);
}

TEST_CASE("garbage spends an attempt", "[sink]") {
    World world(any_transport());
    const std::string garbage =
        GENERATE("SSH-2.0-OpenSSH_9.2\r\n", "\r\n\r\n", "hello\n", std::string(70'000, 'x'),
                 "HTTP/1.1 two hundred\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
                 "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n");
    CAPTURE(garbage);
    world.handler.timeout = 1s;
    world.serve([&](const HttpRequest&) { return support::raw_then_close(garbage); });
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::retry);
    CHECK((outcome.reason == Reason::garbage || outcome.reason == Reason::closed));
    CHECK(outcome.code == 0);
    CHECK(world.sink().in_flight() == 0);
}

TEST_CASE("endless headers are cut", "[sink]") {
    World world(any_transport());
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 20'000; ++i) {
        head += "X-Filler: 0123456789012345678901234567890123456789\r\n";
    }
    world.serve([&](const HttpRequest&) { return support::raw(head); });
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::retry);
    CHECK(outcome.reason == Reason::garbage);
}

TEST_CASE("a body of 100 MB is not read, and its status counts", "[sink]") {
    World world(any_transport());
    const int status = GENERATE(200, 400, 503);
    const bool announced = GENERATE(true, false);
    support::HttpServer& server = world.serve([&](const HttpRequest&) {
        support::HttpReply reply =
            support::raw("HTTP/1.1 " + std::to_string(status) + " As Told\r\n" +
                         (announced ? "Content-Length: " + std::to_string(k_flood) + "\r\n\r\n" : "\r\n"));
        reply.flood = k_flood;
        return reply;
    });
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == (status == 200   ? Result::delivered
                             : status == 400 ? Result::rejected
                                             : Result::retry));
    CHECK(error_of(outcome) == (status == 200 ? std::string() : std::string(1'024, 'x')));
    CHECK(world.until([&] { return server.open() == 0; }));
    CHECK(server.flooded() < k_flood / 10);  // what the kernel's buffers take
    CHECK(world.call().result == outcome.result);
}

TEST_CASE("an answer that comes before the request was read counts", "[sink]") {
    World world(any_transport());
    world.handler.timeout = 5s;
    const int status = GENERATE(200, 204, 413);
    const std::string body = status == 204 ? "" : GENERATE("", "too much");
    const bool closes = GENERATE(true, false);
    CAPTURE(status, body, closes);
    support::HttpServer& server = world.serve(
        [&](const HttpRequest&) {
            support::HttpReply reply = answer(status, body);
            reply.close = closes;
            return reply;
        },
        false);
    const core::Outcome outcome = world.call({.value = std::string(20'000'000, 'v')});
    CHECK(outcome.result == (status == 413 ? Result::rejected : Result::delivered));
    CHECK(outcome.code == (status == 413 ? 413 : 0));
    CHECK(world.last_wait() < 4s);
    CHECK(server.requests().size() == 1);
    // Over TCP a server that does not read never sees the end.
    CHECK((!world.is_unix() || world.until([&] { return server.open() == 0; })));
}

TEST_CASE("a handler that is not there spends no attempt", "[sink]") {
    World world(any_transport());
    SECTION("never was, or is gone") {
        world.serve([](const HttpRequest&) { return answer(200); });
        world.stop_server();
    }
    SECTION("left its socket behind") {
        world.fill_queue();
        world.drop_queue();
    }
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::not_attempted);
    CHECK(outcome.reason == Reason::handler_down);
    CHECK(error_of(outcome).starts_with("the handler cannot be reached: "));
    CHECK(world.last_wait() < 5s);
}

TEST_CASE("a handler that may not be called is down", "[sink]") {
    World world(Transport::unix_socket);
    SECTION("not a socket") {
        world.handler.socket = "/dev/null";
    }
    SECTION("a folder that is none") {
        world.handler.socket = "/dev/null/handler.sock";
    }
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::not_attempted);
    CHECK(outcome.reason == Reason::handler_down);
    CHECK(error_of(outcome).starts_with("the handler cannot be reached: "));
}

TEST_CASE("a full connect queue is busy, and there is room again", "[sink]") {
    World world(any_transport());
    world.handler.timeout = 3s;
    support::FullQueue& queue = world.fill_queue();
    for (int i = 0; i < 3; ++i) {
        const core::Outcome outcome = world.call();
        CHECK(outcome.result == Result::not_attempted);
        CAPTURE(world.is_unix(), error_of(outcome));
        CHECK(outcome.reason == Reason::handler_busy);
        CHECK(world.last_wait() < 5s);
    }
    // Connected, sent and never answered is another matter.
    queue.drain();
    const core::Outcome outcome = world.call();
    CHECK(outcome.result == Result::retry);
    CHECK(outcome.reason == Reason::timeout);
}

TEST_CASE("a handler that goes away and comes back is called again", "[sink]") {
    World world(any_transport());
    const auto ok = [](const HttpRequest&) { return answer(200); };
    for (int round = 0; round < 3; ++round) {
        world.serve(ok);
        for (int i = 0; i < 10; ++i) {
            world.deliver();
        }
        for (const core::Outcome& outcome : world.outcomes(10)) {
            CHECK(outcome.result == Result::delivered);
        }
        world.stop_server();
        const core::Outcome outcome = world.call();
        CHECK(outcome.result == Result::not_attempted);
        CHECK(outcome.reason == Reason::handler_down);
    }
}

TEST_CASE("requests in flight when the handler dies have spent their attempt", "[sink]") {
    World world(any_transport());
    // On new connections and on kept ones, which libcurl opens again when they end without a word.
    const std::size_t answered = GENERATE(0U, 10U);
    std::size_t calls = 0;
    support::HttpServer& server = world.serve(
        [&, answered](const HttpRequest&) { return ++calls <= answered ? answer(200) : support::hang(); });
    for (std::size_t i = 0; i < answered; ++i) {
        world.deliver();
    }
    world.outcomes(answered);
    for (int i = 0; i < 10; ++i) {
        world.deliver();
    }
    REQUIRE(world.until([&] { return server.requests().size() == answered + 10; }));
    world.stop_server();
    for (const core::Outcome& outcome : world.outcomes(10)) {
        CHECK(outcome.result == Result::retry);
        CHECK(outcome.reason == Reason::closed);
    }
}

TEST_CASE("a sink that ends aborts what is in flight and leaves nothing open", "[sink]") {
    World world(any_transport());
    support::HttpServer& server = world.serve([](const HttpRequest&) { return support::hang(); });
    const int before = open_files();
    for (int i = 0; i < 10; ++i) {
        world.deliver({.value = std::string(1'000'000, 'v')});
    }
    REQUIRE(world.until([&] { return server.requests().size() >= 5; }));
    world.drop_sink();
    CHECK(world.until([&] { return server.open() == 0; }));
    CHECK(open_files() == before);
}
