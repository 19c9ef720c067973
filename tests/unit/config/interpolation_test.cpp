#include "config/interpolation.h"

#include <string>

#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;
using config::interpolate;

namespace {

const config::Environment k_environment =
    support::environment_of({{"HOST", "kafka-1"}, {"EMPTY", ""}, {"_x1", "under"}, {"NESTED", "${HOST}"}});

}  // namespace

TEST_CASE("variables are replaced in the middle of a text, once", "[config]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"plain", "plain"},
        {"", ""},
        {"${HOST}", "kafka-1"},
        {"a-${HOST}:9092-b", "a-kafka-1:9092-b"},
        {"${HOST}${_x1}", "kafka-1under"},
        {"${EMPTY}", ""},
        {"${EMPTY:-spare}", "spare"},
        {"${MISSING:-spare}", "spare"},
        {"${MISSING:-}", ""},
        {"${HOST:-spare}", "kafka-1"},
        {"${MISSING:-a:-b}", "a:-b"},
        {"$${HOST}", "${HOST}"},
        {"$$${HOST}", "$${HOST}"},
        {"$", "$"},
        {"$$", "$$"},
        {"$HOST", "$HOST"},
        {"a$b", "a$b"},
        {"^orders-.*$", "^orders-.*$"},
        {"${NESTED}", "${HOST}"},
    }));
    CAPTURE(text);
    const auto result = interpolate(text, k_environment);
    REQUIRE(result);
    CHECK((*result).text == expected);
}

TEST_CASE("a text knows whether something in it was replaced", "[config]") {
    CHECK((*interpolate("${HOST}", k_environment)).replaced);
    CHECK((*interpolate("${MISSING:-spare}", k_environment)).replaced);
    CHECK_FALSE((*interpolate("$${HOST}", k_environment)).replaced);
}

TEST_CASE("a variable that is not set or not written right is a problem that shows no value", "[config]") {
    CHECK(interpolate("${MISSING}", k_environment).problem() ==
          "${MISSING} is not set in the environment; set it or write ${MISSING:-default}");
    for (const char* text :
         {"${", "${HOST", "secret${HOST", "${}", "${1st}", "${a-b}", "${HOST }", "${:-x}", "${HOST:x}"}) {
        CAPTURE(text);
        const auto result = interpolate(text, k_environment);
        REQUIRE_FALSE(result);
        CHECK(result.problem().find("secret") == std::string::npos);
        CHECK(result.problem().find("; write ${NAME}") != std::string::npos);
    }
}
