#include "core/base64.h"

#include "support/catch.hpp"

#include <random>
#include <string>

using namespace laterd::core;

TEST_CASE("base64 is that of RFC 4648, without padding", "[base64]") {
    const auto& [bytes, text] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                          {"f", "Zg"},
                                                                          {"fo", "Zm8"},
                                                                          {"foo", "Zm9v"},
                                                                          {"foob", "Zm9vYg"},
                                                                          {"fooba", "Zm9vYmE"},
                                                                          {"foobar", "Zm9vYmFy"},
                                                                          {"\xfb\xef\xff", "++//"}}));
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
    CHECK(base64_chars(bytes.size()) == text.size());
    CHECK(base64_bytes(text.size()) == bytes.size());
}

TEST_CASE("bytes come back from base64 as they were", "[base64]") {
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes(size, '\0');
        for (char& byte : bytes) {
            byte = static_cast<char>(random());
        }
        REQUIRE(from_base64(to_base64(bytes)) == bytes);
        REQUIRE(to_base64(bytes).size() == base64_chars(size));
    }
}

TEST_CASE("text that no bytes have in base64 is refused", "[base64]") {
    // A length that no bytes have, foreign characters, padding, and bits behind the last byte.
    const std::string text =
        GENERATE("Z", "Zm9vY", "Zm9-", "Zm9_", "Zm 9", "Zg==", "Zm8=", "Zh", "Zm9", "\xff\xff");
    INFO("text \"" << text << "\"");
    CHECK_FALSE(from_base64(text).has_value());
}
