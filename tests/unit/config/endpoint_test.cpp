#include "config/endpoint.h"

#include <string>

#include "support/catch.hpp"

using namespace laterd::config;

TEST_CASE("a socket is a path from the root that fits into an address", "[config]") {
    for (const std::string& text :
         {std::string("/s"), std::string("/run/a b/laterd.sock"), "/" + std::string(106, 'a')}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of_socket(text));
    }
    for (const std::string& text : {std::string("laterd.sock"), std::string("./s"), std::string("/run/"),
                                    std::string("/"), std::string("@abstract"), std::string("unix:/s"),
                                    std::string("/a\nb"), "/" + std::string(107, 'a')}) {
        CAPTURE(text);
        CHECK(problem_of_socket(text));
    }
}

TEST_CASE("an address is loopback, with a port", "[config]") {
    for (const char* text : {"127.0.0.1:1", "127.1.2.3:8080", "[::1]:65535", "localhost:8080"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of_loopback_address(text));
    }
    for (const char* text :
         {"10.0.0.1:80", "0.0.0.0:80", "[::]:80", "::1:80", "[::ffff:127.0.0.1]:80", "127.0.0.1",
          "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:http", "127.1:80", "127.0.0.1.evil.example:80",
          "localhost.example:80", "http://localhost:80", ":80", "localhost:", ""}) {
        CAPTURE(text);
        CHECK(problem_of_loopback_address(text));
    }
}

TEST_CASE("the path of a request can stand in its first line", "[config]") {
    for (const char* text : {"/", "/orders", "/a/b?c=d&e=%20", "/~x"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of_request_path(text));
    }
    for (const char* text : {"", "orders", "/a b", "/a\r\nX: y", "/a#b", "/caf\xc3\xa9", "http://h/a"}) {
        CAPTURE(text);
        CHECK(problem_of_request_path(text));
    }
}

TEST_CASE("the admin endpoint listens on an address or a Unix socket", "[config]") {
    for (const char* text : {"127.0.0.1:9464", "[::1]:9464", "localhost:1", "0.0.0.0:9464", "[::]:9464",
                             "10.1.2.3:65535", "unix:/run/laterd/admin.sock"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of_listen(text));
    }
    for (const char* text :
         {"", "9464", ":9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:9464", "example.org:9464",
          "*:9464", "unix:", "unix:admin.sock", "/run/laterd/admin.sock", "http://127.0.0.1:9464", "[::1]",
          "[127.0.0.1]:9464"}) {
        CAPTURE(text);
        CHECK(problem_of_listen(text));
    }
}

TEST_CASE("an endpoint is open to others unless it is a socket or loopback", "[config]") {
    for (const char* text : {"127.0.0.1:9464", "127.9.9.9:1", "[::1]:9464", "localhost:1", "unix:/s"}) {
        CAPTURE(text);
        CHECK_FALSE(is_open_to_others(text));
    }
    for (const char* text : {"0.0.0.0:9464", "[::]:9464", "10.1.2.3:1", "[::ffff:127.0.0.1]:1"}) {
        CAPTURE(text);
        CHECK(is_open_to_others(text));
    }
}
