// The table of keys agrees with itself and with the code.
#include "config/key.h"

#include <set>
#include <string>

#include "config/property.h"
#include "config/scalar.h"
#include "config/words.h"
#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;
using namespace laterd::config;

namespace {

template <typename Table>
std::vector<std::string> words_in(const Table& words) {
    std::vector<std::string> all;
    for (const auto& [value, word] : words) {
        all.emplace_back(word);
    }
    return all;
}

std::set<std::string> all_choices(const std::string& path) {
    std::set<std::string> words;
    std::string_view rest = find_key(path)->range;
    while (!rest.empty()) {
        const std::size_t end = rest.find('|');
        words.emplace(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    return words;
}

}  // namespace

TEST_CASE("every row has a path of its own, a meaning and a row around it", "[config]") {
    std::set<std::string_view> paths;
    for (const Key& key : keys()) {
        CAPTURE(key.path);
        CHECK(paths.insert(key.path).second);
        CHECK(key.meaning.size() > 10);
        CHECK(key.meaning.back() == '.');
        const std::size_t cut = key.path.find_last_of(".[=");
        if (cut != std::string_view::npos) {
            CHECK(find_key(key.path.substr(0, cut)) != nullptr);
        }
    }
}

TEST_CASE("defaults and examples of scalars are themselves right", "[config]") {
    for (const Key& key : keys()) {
        if (!key.is_available() || !key.takes_text()) {
            continue;
        }
        CAPTURE(key.path);
        for (const std::string_view text : {key.standard, key.example}) {
            if (!text.empty() && !text.starts_with('[') && !text.starts_with('{')) {
                CHECK(problem_of(key, std::string(text)).value_or("") == "");
            }
        }
        CHECK(expectation_of(key).size() > 3);
    }
}

TEST_CASE("the words of the file and of the code are the same", "[config]") {
    const auto same = [](const std::string& path, const auto& words) {
        CAPTURE(path);
        const std::vector<std::string> in_code = words_in(words);
        CHECK(all_choices(path) == std::set<std::string>(in_code.begin(), in_code.end()));
    };
    same("routes.*.from.start", k_start_words);
    same("routes.*.from.out_of_range", k_out_of_range_words);
    same("routes.*.due.format", k_format_words);
    same("routes.*.due.missing", k_fallback_words);
    same("routes.*.due.invalid", k_fallback_words);
    same("routes.*.order", k_order_words);
    same("routes.*.to.partition", k_partition_words);
    same("routes.*.to.timestamp", k_timestamp_words);
    same("routes.*.to.handler.sequence", k_sequence_words);
    same("routes.*.to.handler.not_found", k_not_found_words);
    same("routes.*.to.handler.headers", k_sent_headers_words);
    same("log.level", k_level_words);
    same("log.format", k_log_format_words);
}

TEST_CASE("the defaults of the table of keys are those of the structs", "[config]") {
    const auto loaded = support::load(support::table_with("delay: 1m"));
    REQUIRE(loaded.table);
    const RoutingTable& table = *loaded.table;
    const RoutingTable standard;
    CHECK(table.memory == standard.memory);
    CHECK(table.commit_interval == standard.commit_interval);
    CHECK(table.drain_timeout == standard.drain_timeout);
    CHECK(table.log_level == standard.log_level);
    CHECK(table.log_format == standard.log_format);
    CHECK(*find_key("limits.memory")->standard.begin() == '2');
    CHECK(table.routes[0].retry == Retry{});
}

TEST_CASE("a handler, its retries and its dead letters have the defaults of the structs", "[config]") {
    const auto loaded = support::load(support::k_clusters +
                                      "routes: {r: {from: {topics: [in], group: g}, delay: 1m, to: {handler: "
                                      "{socket: /s}}, retry: {topic: again}, dead_letter: {topic: dead}}}\n");
    INFO(support::explain(loaded));
    REQUIRE(loaded.table);
    const Route& route = loaded.table->routes[0];
    CHECK(route.handler == HandlerSink{.socket = "/s"});
    CHECK(route.retry == Retry{.topic = "again", .policy = {.has_topic = true}});
    CHECK(route.dead_letter == DeadLetter{.cluster = "main", .topic = "dead"});
    CHECK(route.to == TopicSink{});
}

TEST_CASE("a key belongs to its version and to all later ones", "[config]") {
    CHECK(Key{.since = k_this_version}.is_available());
    CHECK(Key{.since = {0, 1}}.is_available());
    CHECK_FALSE(Key{.since = {k_this_version.major, k_this_version.minor + 1}}.is_available());
    CHECK_FALSE(Key{.since = {k_this_version.major + 1, 0}}.is_available());
}

TEST_CASE("values that would give a secret away are known by the property's name", "[config]") {
    for (const char* name : {"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem",
                             "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config"}) {
        CAPTURE(name);
        CHECK(is_secret_property(name));
    }
    for (const char* name :
         {"sasl.username", "ssl.ca.pem", "ssl.certificate.pem", "ssl.key.location", "client.id"}) {
        CAPTURE(name);
        CHECK_FALSE(is_secret_property(name));
    }
}
