#include "dialect/text.h"

#include "support/catch.hpp"

using namespace laterd::dialect;
using namespace std::string_literals;

TEST_CASE("valid UTF-8 stays as it is", "[text]") {
    const std::string text = GENERATE(""s, "no such user"s, "Größe: 5 €, 𝄞"s, "a\nb\tc"s, "a\0b"s,
                                      "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"s,
                                      "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"s);
    CHECK(to_text(text, 1'024) == text);
}

TEST_CASE("bytes that are no UTF-8 become replacement characters", "[text]") {
    struct Row {
        std::string bytes;
        std::string text;
    };
    const Row row = GENERATE(Row{"\x80", "�"}, Row{"a\xFF"s + "b", "a�b"}, Row{"\xC3", "�"},
                             Row{"\xE2\x82", "��"}, Row{"\xC3(", "�("},  // cut short by a character
                             Row{"\xC0\xAF", "��"},                      // overlong
                             Row{"\xE0\x9F\xBF", "���"},                 // overlong
                             Row{"\xF0\x8F\xBF\xBF", "����"},            // overlong
                             Row{"\xED\xA0\x80", "���"},                 // a surrogate
                             Row{"\xF4\x90\x80\x80", "����"},            // beyond U+10FFFF
                             Row{"\xF8\x88\x80\x80\x80", "�����"});
    CHECK(to_text(row.bytes, 1'024) == row.text);
}

TEST_CASE("text is cut between characters", "[text]") {
    CHECK(to_text("abc", 2) == "ab");
    CHECK(to_text("abc", 0).empty());
    CHECK(to_text("a€b", 3) == "a");
    CHECK(to_text("a€b", 4) == "a€");
    CHECK(to_text("𝄞", 3).empty());
    CHECK(to_text("\xFF\xFF", 5) == "�");
    CHECK(to_text(std::string(5'000, 'x'), 1'024) == std::string(1'024, 'x'));
    CHECK(to_text(std::string(1'023, 'x') + "ä", 1'024) == std::string(1'023, 'x'));
}
