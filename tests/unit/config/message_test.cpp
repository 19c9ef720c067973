// The parts of a message: path, quotes, suggestion, place.
#include <string>
#include <vector>

#include "config/finding.h"
#include "config/near_miss.h"
#include "config/path.h"
#include "config/quote.h"
#include "config/utf8.h"
#include "support/catch.hpp"

using namespace laterd::config;

TEST_CASE("a path reads like the file, with names that are no plain words in quotes", "[config]") {
    const Path routes = Path() / "routes";
    CHECK((routes / "orders-15m" / "from" / "topics")[0].str() == "routes.orders-15m.from.topics[0]");
    CHECK((routes / "orders.v2" / "delay").str() == "routes.\"orders.v2\".delay");
    CHECK((routes / "" / "a b").str() == "routes.\"\".\"a b\"");
    CHECK(Path().str().empty());
}

TEST_CASE("quoted text stays on one line and is cut when it is long", "[config]") {
    CHECK(quote("orders") == "\"orders\"");
    CHECK(quote("a\nb\tc\x7f") == "\"a\\nb\\x09c\\x7f\"");
    CHECK(quote(std::string(120, 'x')) == "\"" + std::string(120, 'x') + "\"");
    CHECK(quote(std::string(121, 'x')) == "\"" + std::string(120, 'x') + "...\"");
    // Not in the middle of a character.
    CHECK(quote(std::string(119, 'x') + "\xc3\xa9zz") == "\"" + std::string(119, 'x') + "...\"");
}

TEST_CASE("a finding is one line with file, place, path and text", "[config]") {
    const Finding error{.place = {3, 5}, .path = "routes.a", .text = "wrong; expected right"};
    CHECK(describe("laterd.yaml", error) == "laterd.yaml:3:5: routes.a: wrong; expected right");
    const Finding warning{.severity = Severity::warning, .place = {3, 5}, .path = "routes.a", .text = "odd"};
    CHECK(describe("laterd.yaml", warning) == "laterd.yaml:3:5: routes.a: warning: odd");
    CHECK(describe("laterd.yaml", {.text = "cannot be read"}) == "laterd.yaml: cannot be read");
    CHECK(has_error({warning, error}));
    CHECK_FALSE(has_error({warning}));
}

TEST_CASE("a slip of the fingers finds the word that was meant", "[config]") {
    const std::vector<std::string> known{"from", "delay",       "due",     "order",
                                         "to",   "dead_letter", "workers", "enabled"};
    const auto [word, meant] = GENERATE(table<std::string, std::string>({
        {"form", "from"},
        {"delays", "delay"},
        {"dealy", "delay"},
        {"Delay", "delay"},
        {"dead-letter", "dead_letter"},
        {"deadletter", "dead_letter"},
        {"worker", "workers"},
        {"enable", "enabled"},
    }));
    CAPTURE(word);
    CHECK(nearest(word, known) == meant);
}

TEST_CASE("a word that is nothing like the others finds none", "[config]") {
    const std::vector<std::string> known{"from", "delay", "due", "order", "to", "dead_letter"};
    for (const std::string& word : {std::string("offset"), std::string("x"), std::string(),
                                    std::string("group"), std::string(10'000, 'd')}) {
        CAPTURE(word.substr(0, 20));
        CHECK_FALSE(nearest(word, known).has_value());
    }
    CHECK(did_you_mean("offset", known).empty());
    CHECK(did_you_mean("form", known) == "; did you mean \"from\"?");
}

TEST_CASE("the first byte that is no UTF-8 is found at its place", "[config]") {
    for (const char* good : {"", "plain\ntext", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                             "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"}) {
        CAPTURE(good);
        CHECK_FALSE(find_invalid_utf8(good).has_value());
    }
    for (const char* bad :
         {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xc3("}) {
        CAPTURE(bad);
        CHECK(find_invalid_utf8(bad) == Place{1, 1});
    }
    CHECK(find_invalid_utf8("one\ntw\xc3\xa9\xff") == Place{2, 4});
    CHECK(find_invalid_utf8(std::string_view("a\0b", 3)) == Place{1, 2});
}
