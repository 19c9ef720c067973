#include "config/document.h"

#include <string>

#include "config/places.h"
#include "support/catch.hpp"

using namespace laterd::config;

namespace {

struct Read {
    std::optional<Node> root;
    std::vector<Finding> findings;
};

Read read(const std::string& text) {
    Findings findings;
    std::optional<Node> root = read_document(text, findings);
    return {std::move(root), findings.take()};
}

}  // namespace

TEST_CASE("a document is kept as it was written", "[config]") {
    const Read result = read(
        "a: 0777\nb: on\nc: \"quoted\"\nd: ~\ne: [1, [2]]\nf: {g: 1.0}\nh: |\n  two\n  lines\n\"i.j\": "
        "null\n");
    REQUIRE(result.root);
    CHECK(result.findings.empty());
    const Node& root = *result.root;
    CHECK(root.find("a")->text == "0777");
    CHECK(root.find("b")->text == "on");
    CHECK(root.find("c")->text == "quoted");
    CHECK(root.find("d")->kind == Node::Kind::null);
    CHECK(root.find("e")->items[1].items[0].text == "2");
    CHECK(root.find("f")->find("g")->text == "1.0");
    CHECK(root.find("h")->text == "two\nlines\n");
    CHECK(root.find("i.j")->kind == Node::Kind::null);
    CHECK(root.find("z") == nullptr);
}

TEST_CASE("a path has the place of its value, a map that of its key, a missing one that of what is around it",
          "[config]") {
    const Read result = read("a:\n  b: 1\n  c: [x,\n      y]\n  d:\n    e: {f: 2}\n");
    REQUIRE(result.root);
    const Places places(*result.root);
    const Path a = Path() / "a";
    CHECK(places.of({}) == Place{1, 1});
    CHECK(places.of(a) == Place{1, 1});
    CHECK(places.of(a / "b") == Place{2, 6});
    CHECK(places.of(a / "c") == Place{3, 3});
    CHECK(places.of((a / "c")[1]) == Place{4, 7});
    CHECK(places.of((a / "c")[9]) == Place{3, 3});
    CHECK(places.of(a / "d" / "e" / "f") == Place{6, 12});
    CHECK(places.of(a / "d" / "missing" / "too") == Place{5, 3});
}

TEST_CASE("both marks of a document are allowed, a second document is not", "[config]") {
    CHECK(read("---\na: 1\n...\n").findings.empty());
    CHECK(read("%YAML 1.2\n---\na: 1\n").findings.empty());
    CHECK(read("a: 1\n---\n").findings.size() == 1);
    CHECK(read("a: 1\n---\nb: 2\n").findings[0].place == Place{2, 1});
}

TEST_CASE("the first of two equal keys stays and the second is reported", "[config]") {
    const Read result = read("a: 1\nb: {c: 2, c: 3}\na: 4\n");
    REQUIRE(result.root);
    CHECK(result.root->find("a")->text == "1");
    REQUIRE(result.findings.size() == 2);
    CHECK(result.findings[0].path == "b.c");
    CHECK(result.findings[1].path == "a");
    CHECK(result.findings[1].place == Place{3, 1});
}

TEST_CASE("a file that is too large, too deep or not text is refused", "[config]") {
    CHECK_FALSE(read(std::string((1 << 20) + 1, ' ')).root);
    CHECK_FALSE(read("a: " + std::string(100'000, '[')).root);
    CHECK_FALSE(read("a: " + std::string(100'000, '{')).root);
    CHECK_FALSE(read(std::string(100'000, '-')).root);
    CHECK_FALSE(read("a: \xff\n").root);
    CHECK_FALSE(read("text").root);
    CHECK_FALSE(read("# nothing\n").root);
}

TEST_CASE("a quote that does not end is found, though yaml-cpp takes the file's end for its end",
          "[config]") {
    CHECK(read("a: 'it''s'\n").findings.empty());
    CHECK(read("\xef\xbb\xbf"
               "a: 'x'\n")
              .findings.empty());
    CHECK(read("a: \"x\\\"y\"\nb: \"\\\\\"\n").findings.empty());
    CHECK(read("b: \xc3\xa9\na: 'open\nc: 1\n").findings[0].place == Place{2, 4});
    CHECK(read("a: ''''\nb: 'it''s\n").findings[0].path == "b");
    CHECK(read("a: \"open\n").findings[0].path == "a");
    CHECK(read("a: \"x\\\"\n").findings[0].path == "a");
}

TEST_CASE("more problems than anybody reads are cut", "[config]") {
    std::string text;
    for (int i = 0; i < 3'000; ++i) {
        text += "a: 1\n";
    }
    const Read result = read(text);
    CHECK(result.findings.size() == 1'001);
    CHECK(result.findings.front().text == "more than 1000 problems; the others are not shown");
}
