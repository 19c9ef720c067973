// Secrets: where their files are looked for, what of them is used, and that they are never shown.
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"
#include "config/print.h"
#include "config/property.h"
#include "sample.h"
#include "support/catch.hpp"

using namespace laterd;

namespace {

std::string table_with_secret(const std::string& file) {
    return "clusters: {main: {brokers: [a:1], secrets: {sasl.password: " + file +
           "}}}\nroutes: {r: {from: {topics: [in], group: g}, delay: 1m, to: {topic: out}}}\n";
}

// Files that exist only here.
struct Files {
    std::map<std::string, config::SecretFile> files;

    config::Loaded load(const std::string& text, const support::Variables& variables = {},
                        const config::PropertyCheck& check = {}) const {
        return config::load_text(
            text, "/table", support::environment_of(variables), check,
            [this](const std::filesystem::path& path) -> config::Parsed<config::SecretFile> {
                const auto found = files.find(path.string());
                if (found == files.end()) {
                    return config::Problem{path.string() + " is not there"};
                }
                return found->second;
            });
    }
};

std::string password(const config::Loaded& loaded) {
    INFO(support::explain(loaded));
    REQUIRE(loaded.table);
    return loaded.table->clusters[0].secrets.at("sasl.password").reveal();
}

}  // namespace

TEST_CASE("a secret is looked up in the credentials' folder, else beside the table", "[config]") {
    const Files files{
        {{"/table/pass", {"beside"}}, {"/credentials/pass", {"credential"}}, {"/etc/pass", {"absolute"}}}};
    CHECK(password(files.load(table_with_secret("pass"))) == "beside");
    CHECK(password(files.load(table_with_secret("pass"), {{"CREDENTIALS_DIRECTORY", "/credentials"}})) ==
          "credential");
    CHECK(password(files.load(table_with_secret("pass"), {{"CREDENTIALS_DIRECTORY", ""}})) == "beside");
    CHECK(password(files.load(table_with_secret("/etc/pass"), {{"CREDENTIALS_DIRECTORY", "/credentials"}})) ==
          "absolute");
    CHECK(support::explain(
              files.load(table_with_secret("other"), {{"CREDENTIALS_DIRECTORY", "/credentials"}})) ==
          "t:1:60: clusters.main.secrets.\"sasl.password\": /credentials/other is not there\n");
}

TEST_CASE("only the last newline of a secret is left out", "[config]") {
    const auto [content, expected] = GENERATE(table<std::string, std::string>({
        {"secret", "secret"},
        {"secret\n", "secret"},
        {"secret\n\n", "secret\n"},
        {" secret \n", " secret "},
        {"two\nlines\n", "two\nlines"},
        {"${HOME}", "${HOME}"},
    }));
    CHECK(password(Files{{{"/table/pass", {content}}}}.load(table_with_secret("pass"))) == expected);
}

TEST_CASE("an empty secret and one with a NUL are refused", "[config]") {
    for (const std::string& content : {std::string(), std::string("\n"), std::string("a\0b", 3)}) {
        const config::Loaded loaded = Files{{{"/table/pass", {content}}}}.load(table_with_secret("pass"));
        CHECK_FALSE(loaded.table);
        CHECK(support::explain(loaded) ==
              "t:1:60: clusters.main.secrets.\"sasl.password\": \"/table/pass\" is empty or holds a NUL; "
              "expected the "
              "property's value\n");
    }
}

TEST_CASE("a secret that everybody may read is a warning", "[config]") {
    const config::Loaded loaded = Files{{{"/table/pass", {"secret", true}}}}.load(table_with_secret("pass"));
    CHECK(loaded.table);
    CHECK(support::explain(loaded) ==
          "t:1:60: clusters.main.secrets.\"sasl.password\": warning: everybody may read \"/table/pass\"; "
          "expected a mode "
          "like 0600\n");
}

TEST_CASE(
    "a private key that everybody may read is a warning, a certificate is not, and missing files are the "
    "client's",
    "[config]") {
    const std::string table =
        "clusters: {main: {brokers: [a:1], properties: {ssl.key.location: /key, ssl.certificate.location: "
        "/cert, ssl.ca.location: /ca}}}\n"
        "routes: {r: {from: {topics: [in], group: g}, delay: 1m, to: {topic: out}}}\n";
    const config::Loaded loaded = Files{{{"/key", {"k", true}}, {"/cert", {"c", true}}}}.load(table);
    REQUIRE(loaded.table);
    CHECK(support::explain(loaded) ==
          "t:1:66: clusters.main.properties.\"ssl.key.location\": warning: everybody may read \"/key\"; "
          "expected a mode like 0600\n");
    CHECK(config::has_secrets(*loaded.table));
    CHECK(loaded.table->clusters[0].file_hashes.size() == 2);
    CHECK_FALSE(loaded.table->clusters[0].file_hashes.contains("ssl.ca.location"));
}

TEST_CASE("a secret is given to the check of properties and hidden in what comes back", "[config]") {
    config::Properties seen;
    const config::PropertyCheck check = [&](const config::Properties& properties, bool) {
        seen = properties;
        return std::vector<config::PropertyProblem>{
            {.property = "sasl.password", .text = "\"hunter2\" is weak; hunter2"}};
    };
    const config::Loaded loaded =
        Files{{{"/table/pass", {"hunter2\n"}}}}.load(table_with_secret("pass"), {}, check);
    CHECK(seen == config::Properties{{"sasl.password", "hunter2"}});
    CHECK(support::explain(loaded) ==
          "t:1:60: clusters.main.secrets.\"sasl.password\": \"(hidden)\" is weak; (hidden)\n");
}

TEST_CASE("a secret out of the environment is hidden in what the check of properties says", "[config]") {
    const config::PropertyCheck check = [](const config::Properties&, bool) {
        return std::vector<config::PropertyProblem>{{.property = "sasl.password", .text = "hunter2 is weak"}};
    };
    const std::string table =
        "clusters: {main: {brokers: [a:1], properties: {sasl.password: \"${PASSWORD}\"}}}\n"
        "routes: {r: {from: {topics: [in], group: g}, delay: 1m, to: {topic: out}}}\n";
    const config::Loaded loaded = Files{}.load(table, {{"PASSWORD", "hunter2"}}, check);
    CHECK(support::explain(loaded) ==
          "t:1:63: clusters.main.properties.\"sasl.password\": (hidden) is weak\n");
}

TEST_CASE(
    "a secret under properties is a warning unless it comes from the environment, and is hidden either way",
    "[config]") {
    const auto table = [](const std::string& value) {
        return "clusters: {main: {brokers: [a:1], properties: {sasl.password: \"" + value +
               "\"}}}\nroutes: {r: {from: {topics: [in], group: g}, delay: 1m, to: {topic: out}}}\n";
    };
    const config::Loaded literal = support::load(table("hunter2"));
    CHECK(literal.findings.size() == 1);
    CHECK(literal.findings[0].severity == config::Severity::warning);
    const config::Loaded variable = support::load(table("${PASSWORD}"), {{"PASSWORD", "hunter2"}});
    CHECK(variable.findings.empty());
    for (const config::Loaded* loaded : {&literal, &variable}) {
        REQUIRE(loaded->table);
        CHECK(loaded->table->clusters[0].properties.at("sasl.password") == "hunter2");
        const std::string printed = config::print(*loaded->table);
        CHECK(printed.find("hunter2") == std::string::npos);
        CHECK(printed.find("sasl.password: (hidden)") != std::string::npos);
    }
}

TEST_CASE("the file of a secret is read whole and only when it is a regular file", "[config]") {
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("laterd-secret-" + std::to_string(getpid()));
    std::ofstream(file) << "top\nsecret\n";
    chmod(file.c_str(), 0600);
    const auto closed = config::read_secret_file(file);
    REQUIRE(closed);
    CHECK((*closed).content == "top\nsecret\n");
    CHECK_FALSE((*closed).is_world_readable);
    chmod(file.c_str(), 0644);
    CHECK((*config::read_secret_file(file)).is_world_readable);
    std::filesystem::remove(file);
    CHECK_FALSE(config::read_secret_file(file));
    CHECK_FALSE(config::read_secret_file("/dev/zero"));
    CHECK_FALSE(config::read_secret_file("/"));
}
