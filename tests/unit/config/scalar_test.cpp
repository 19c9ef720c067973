#include "config/scalar.h"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace laterd::config;

namespace {

bool is_right(const char* path, const std::string& text) {
    return !problem_of(*find_key(path), text);
}

}  // namespace

TEST_CASE("names of routes and clusters are short and in lower case", "[config]") {
    for (const std::string& name : {std::string("a"), std::string("0"), std::string("orders-15m"),
                                    std::string("a.b_c-d"), std::string(64, 'a')}) {
        CAPTURE(name);
        CHECK(is_name(name));
    }
    for (const std::string& name :
         {std::string(), std::string("-a"), std::string(".a"), std::string("_a"), std::string("A"),
          std::string("a b"), std::string("a/b"), std::string("\xc3\xa9"), std::string(65, 'a')}) {
        CAPTURE(name);
        CHECK_FALSE(is_name(name));
    }
}

TEST_CASE("topics are what Kafka allows", "[config]") {
    const char* path = "routes.*.to.topic";
    for (const std::string& topic :
         {std::string("orders"), std::string("Orders.V2_x-1"), std::string("..."), std::string(249, 'a')}) {
        CAPTURE(topic);
        CHECK(is_right(path, topic));
    }
    for (const std::string& topic :
         {std::string("."), std::string(".."), std::string("a b"), std::string("^a"), std::string("a\n"),
          std::string("\xc3\xa9"), std::string(250, 'a')}) {
        CAPTURE(topic);
        CHECK_FALSE(is_right(path, topic));
    }
    CHECK(is_right("routes.*.from.topics[]", "^orders-(eu|us)\\.[0-9]+"));
    CHECK(is_right("routes.*.from.topics[]", "^"));
    CHECK_FALSE(is_right("routes.*.from.topics[]", "^["));
    CHECK_FALSE(is_right("routes.*.from.topics[]", "^a{2,1}"));
    CHECK_FALSE(is_right("routes.*.from.topics[]", "orders.*"));
}

TEST_CASE("a broker is host and port", "[config]") {
    for (const char* broker :
         {"kafka-1:9092", "127.0.0.1:1", "[::1]:65535", "[fe80::1]:9092", "a.b.example.:9092"}) {
        CAPTURE(broker);
        CHECK(is_right("clusters.*.brokers[]", broker));
    }
    for (const char* broker : {"kafka-1", ":9092", "kafka-1:", "kafka-1:0", "kafka-1:65536", "kafka-1:09092",
                               "kafka-1:http", "::1:9092", "[::1]", "[::1:9092", "a b:9092", "a,b:9092",
                               "a/b:9092", "ssl://a:9092", "a:9092/x", "kafka-1:-1"}) {
        CAPTURE(broker);
        CHECK_FALSE(is_right("clusters.*.brokers[]", broker));
    }
}

TEST_CASE("whole numbers have no signs, blanks or leading zeros", "[config]") {
    CHECK(*parse_integer("0") == 0);
    CHECK(*parse_integer("42") == 42);
    CHECK(*parse_integer("99999999999999999999") == INT64_MAX);
    for (const char* text : {"", "-1", "+1", "1.0", "1e3", "0x10", "010", " 1", "1 ", "1_000", "ten"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_integer(text));
    }
}

TEST_CASE("only true and false are booleans", "[config]") {
    CHECK(is_right("routes.*.enabled", "true"));
    CHECK(is_right("routes.*.enabled", "false"));
    for (const char* text : {"yes", "no", "on", "off", "True", "FALSE", "1", "0", "y"}) {
        CAPTURE(text);
        CHECK_FALSE(is_right("routes.*.enabled", text));
    }
}

TEST_CASE("ranges include their ends", "[config]") {
    for (const char* text : {"1", "256"}) {
        CHECK(is_right("routes.*.workers", text));
    }
    for (const char* text : {"0", "257"}) {
        CHECK_FALSE(is_right("routes.*.workers", text));
    }
    for (const char* text : {"10ms", "5m"}) {
        CHECK(is_right("commit_interval", text));
    }
    for (const char* text : {"9ms", "5m1ms"}) {
        CHECK_FALSE(is_right("commit_interval", text));
    }
}

TEST_CASE("what begins with a digit is a delay, everything else a word", "[config]") {
    const Key& key = *find_key("routes.*.due.missing");
    for (const char* text : {"dead_letter", "now", "stop", "15m"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of(key, text));
    }
    CHECK(problem_of(key, "15") == "\"15\" has no unit; write 15ms, 15s, 15m, 15h or 15d");
    CHECK(problem_of(key, "nwo") ==
          "\"nwo\" is unknown; expected dead_letter, now, stop or a delay like 15m; did you mean \"now\"?");
}

TEST_CASE("a guard is a number of dead letters, or off", "[config]") {
    const Key& key = *find_key("routes.*.dead_letter.guard");
    for (const char* text : {"1", "1000000", "off"}) {
        CAPTURE(text);
        CHECK_FALSE(problem_of(key, text));
    }
    CHECK(problem_of(key, "0") == "0 is out of range; expected 1 to 1000000, or off");
    CHECK(problem_of(key, "false") == "\"false\" is not a whole number or off; write one like 100, or off");
}
