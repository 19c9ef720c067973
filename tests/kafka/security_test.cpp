// TLS, SASL and ACLs against a real Kafka that has a door for each: what works, what an operator is told when it does
// not, that nothing spins meanwhile, and that it goes on when it is mended.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>

#include "admin/client.h"
#include "core/base64.h"
#include "kafka/scene.h"
#include "support/catch.hpp"
#include "support/certificates.h"
#include "support/child_process.h"
#include "support/http_server.h"
#include "support/temp_folder.h"

namespace laterd::kafka_test {

using Catch::Contains;

namespace {

// Every password of these tests; none may ever be seen. "secret" is the harness's own and a word of the findings.
constexpr const char* k_password = "swordfish-7";
constexpr const char* k_wrong_password = "marlin-9";

const support::Certificates& certificates() {
    static const support::Certificates all;
    return all;
}

// Kafka 4 refuses the SCRAM of older ones.
bool has_old_scram() {
    return rd_kafka_version() < 0x02060100;
}

KafkaBroker::Options options_for(const std::string& version) {
    const auto store = [](const std::string& name, const std::string& client_auth = "none") {
        return std::map<std::string, std::string>{
            {"ssl.keystore.type", "PEM"},
            {"ssl.keystore.location", certificates().file(name + ".store")},
            {"ssl.truststore.type", "PEM"},
            {"ssl.truststore.location", certificates().file("ca.pem")},
            {"ssl.client.auth", client_auth}};
    };
    std::map<std::string, std::string> scram = store("server");
    scram["sasl.enabled.mechanisms"] = "SCRAM-SHA-512";
    scram["scram-sha-512.sasl.jaas.config"] =
        "org.apache.kafka.common.security.scram.ScramLoginModule required;";
    const std::map<std::string, std::string> plain = {
        {"sasl.enabled.mechanisms", "PLAIN"},
        {"plain.sasl.jaas.config",
         std::string("org.apache.kafka.common.security.plain.PlainLoginModule required user_laterd=\"") +
             k_password + "\" user_denied=\"" + k_password + "\";"}};
    // Takes unsigned tokens: what is tested is the way of one.
    const std::map<std::string, std::string> token = {
        {"sasl.enabled.mechanisms", "OAUTHBEARER"},
        {"oauthbearer.sasl.jaas.config",
         "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
         "unsecuredLoginStringClaim_sub=\"broker\";"}};
    return {.version = version,
            .sasl = true,
            .listeners = {{"TLS", "SSL", store("server")},
                          {"MUTUAL", "SSL", store("server", "required")},
                          {"ELSEWHERE", "SSL", store("wrong-host")},
                          {"EXPIRED", "SSL", store("expired")},
                          {"PLAIN", "SASL_PLAINTEXT", plain},
                          {"TOKEN", "SASL_PLAINTEXT", token},
                          {"SCRAM", "SASL_SSL", scram}},
            .scram_users = {{"laterd", k_password}},
            .properties = {}};
}

KafkaBroker& the_broker() {
    static KafkaBroker broker(options_for(""));
    return broker;
}

// One that SCRAM works with.
KafkaBroker& scram_broker() {
    if (!has_old_scram()) {
        return the_broker();
    }
    static KafkaBroker broker(options_for("3.9.1"));
    return broker;
}

// How a daemon comes in.
struct Entry {
    std::string door;
    std::string properties;  // YAML, flow style
    std::string password;    // empty: none
    std::string secret = "sasl.password";
};

Entry tls(const std::string& door, const std::string& ca = "ca.pem") {
    return {.door = door,
            .properties = "security.protocol: ssl, ssl.ca.location: " + certificates().file(ca),
            .password = {}};
}

Entry mutual() {
    Entry entry = tls("MUTUAL");
    entry.properties += ", ssl.certificate.location: " + certificates().file("client.pem") +
                        ", ssl.key.location: " + certificates().file("client.key");
    return entry;
}

Entry plain(const std::string& user, const std::string& password, const std::string& mechanism = "PLAIN") {
    return {.door = "PLAIN",
            .properties = "security.protocol: sasl_plaintext, sasl.mechanism: " + mechanism +
                          ", sasl.username: " + user,
            .password = password};
}

Entry scram(const std::string& user, const std::string& password) {
    return {.door = "SCRAM",
            .properties = "security.protocol: sasl_ssl, sasl.mechanism: SCRAM-SHA-512, sasl.username: " +
                          user + ", ssl.ca.location: " + certificates().file("ca.pem"),
            .password = password};
}

Entry by_token(const std::string& endpoint, const std::string& client_secret) {
    return {.door = "TOKEN",
            .properties =
                "security.protocol: sasl_plaintext, sasl.mechanism: OAUTHBEARER, "
                "sasl.oauthbearer.method: oidc, sasl.oauthbearer.client.id: laterd, "
                "sasl.oauthbearer.scope: records, sasl.oauthbearer.token.endpoint.url: \"" +
                endpoint + "\"",
            .password = client_secret,
            .secret = "sasl.oauthbearer.client.secret"};
}

// Of OIDC: gives tokens for some seconds to whoever knows the client's secret.
class TokenEndpoint {
  public:
    std::string url() const { return "http://" + server_.address() + "/token"; }
    std::vector<support::HttpRequest> requests() const { return server_.requests(); }
    std::size_t given() const { return given_; }
    void spoil_tokens() { spoilt_ = true; }

  private:
    static constexpr std::int64_t k_lifetime_s = 10;

    support::HttpReply answer(const support::HttpRequest& request) {
        // So long that there is nothing to pad.
        const std::string expected = "Basic " + core::to_base64(std::string("laterd:") + k_password);
        if (request.one("authorization") != expected) {
            return support::answer(401, R"({"error": "invalid_client"})");
        }
        const std::int64_t now = wall_ms() / 1000;
        const nlohmann::json claims = {
            {"sub", spoilt_ ? "" : "laterd"}, {"iat", now}, {"exp", now + k_lifetime_s}};
        const nlohmann::json reply = {{"access_token", core::to_base64(R"({"alg":"none"})") + "." +
                                                           core::to_base64(claims.dump()) + "."},
                                      {"token_type", "Bearer"},
                                      {"expires_in", k_lifetime_s}};
        ++given_;
        return support::answer(200, reply.dump(), {{"Content-Type", "application/json"}});
    }

    std::atomic<std::size_t> given_{0};
    std::atomic<bool> spoilt_{false};
    support::HttpServer server_{{}, [this](const support::HttpRequest& request) { return answer(request); }};
};

// Built into librdkafka together with libcurl, or not: Debian 12's was not.
bool has_oidc() {
    const std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> conf(rd_kafka_conf_new(),
                                                                            rd_kafka_conf_destroy);
    return rd_kafka_conf_set(conf.get(), "sasl.oauthbearer.method", "oidc", nullptr, 0) == RD_KAFKA_CONF_OK;
}

std::string table_of(const Scene& scene, const Entry& entry) {
    std::string text = scene.usual("1s");
    const std::string open = "{brokers: [" + scene.broker.bootstrap() + "]}";
    std::string cluster = "{brokers: [\"" + scene.broker.bootstrap(entry.door) + "\"], properties: {" +
                          entry.properties + ", topic.metadata.refresh.interval.ms: \"1000\"}";
    cluster += entry.password.empty() ? "}" : ", secrets: {" + entry.secret + ": password}}";
    text.replace(text.find(open), open.size(), cluster);
    return text;
}

// With an admin endpoint when `listen` is not empty.
std::unique_ptr<Daemon> start(const Scene& scene, const Entry& entry, const std::string& listen = "") {
    const std::string admin = listen.empty() ? "" : "admin: {listen: \"" + listen + "\"}\n";
    Daemon::Options options{.table = table_of(scene, entry) + admin, .environment = {}, .files = {}};
    if (!entry.password.empty()) {
        options.files.emplace_back("password", entry.password);
    }
    return std::make_unique<Daemon>(std::move(options));
}

struct Answer {
    std::optional<int> code;
    std::string text;
};

Answer check(const Scene& scene, const Entry& entry) {
    const support::TempFolder folder("check");
    std::ofstream(folder.path() / "t.yaml") << table_of(scene, entry);
    std::ofstream(folder.path() / "password") << entry.password << '\n';
    support::ChildProcess process(
        {.arguments = {std::getenv("LATERD_BINARY"), "check", "--connect", "-c", "t.yaml"},
         .environment = {},
         .folder = folder.path(),
         .output = folder.path() / "findings"});
    Answer answer{.code = process.wait(30s), .text = {}};
    std::ostringstream text;
    text << std::ifstream(folder.path() / "findings").rdbuf();
    answer.text = text.str();
    CHECK_THAT(answer.text, !Contains(k_password) && !Contains(k_wrong_password));
    return answer;
}

std::string log_of(const Daemon& daemon) {
    std::string all;
    for (const std::string& line : daemon.lines()) {
        all += line + '\n';
    }
    return all;
}

// The one line that tells what is wrong.
std::string refusal_of(const Daemon& daemon, const std::string& problem) {
    for (const std::string& line : daemon.lines()) {
        if (line.find("cluster refuses") != std::string::npos && line.find(problem) != std::string::npos) {
            return line;
        }
    }
    return {};
}

bool delivers(Scene& scene, std::int64_t end, std::chrono::milliseconds within = 30s) {
    return eventually(within, [&] { return scene.admin.log_end(scene.out(), 0) >= end; });
}

void check_quiet(Daemon& daemon) {
    CHECK_THAT(log_of(daemon), !Contains(k_password) && !Contains(k_wrong_password));
    CHECK_FALSE(daemon.count_lines("worker died"));
    CHECK(daemon.is_running());
}

}  // namespace

TEST_CASE("TLS, mutual TLS, SASL PLAIN and SCRAM let records through") {
    Scene usual(the_broker(), "good");
    Scene for_scram(scram_broker(), "good.scram");
    for (const Entry& entry :
         {tls("TLS"), mutual(), plain("laterd", k_password), scram("laterd", k_password)}) {
        INFO(entry.properties);
        Scene& scene = entry.door == "SCRAM" ? for_scram : usual;
        const std::int64_t expected = scene.admin.log_end(scene.out(), 0);
        const std::unique_ptr<Daemon> daemon = start(scene, entry);
        scene.producer.deliver({.topic = scene.in(), .value = entry.door});
        CHECK(delivers(scene, expected + 1));
        CHECK_FALSE(daemon->count_lines("cluster refuses"));
        CHECK(daemon->terminate() == 0);
        CHECK_THAT(log_of(*daemon), !Contains(k_password));
        const Answer answer = check(scene, entry);
        INFO(answer.text);
        CHECK(answer.code == 0);
    }
}

TEST_CASE("what is wrong with TLS or SASL is told in words, by run and check alike, without spinning") {
    Scene scene(the_broker(), "bad");
    struct Case {
        Entry entry;
        std::string problem;
        std::string principal;
        std::string admin{};
        std::unique_ptr<Daemon> daemon = nullptr;
        std::chrono::milliseconds cpu{};
        std::size_t lines = 0;
    };
    std::vector<Case> cases;
    cases.push_back(
        {tls("TLS", "other-ca.pem"), "signed by a CA that this client does not trust", "anonymous"});
    cases.push_back({tls("ELSEWHERE"), "the broker's certificate is for another host name", "anonymous"});
    cases.push_back({tls("EXPIRED"), "the broker's certificate has expired", "anonymous"});
    cases.push_back({tls("MUTUAL"), "the broker does not accept this client's certificate", "anonymous"});
    cases.push_back(
        {plain("laterd", k_wrong_password), "the brokers refuse the user name or the password", "laterd"});
    cases.push_back(
        {scram("laterd", k_wrong_password), "the brokers refuse the user name or the password", "laterd"});
    cases.push_back({plain("laterd", k_password, "SCRAM-SHA-512"),
                     "the brokers do not offer this SASL mechanism", "laterd"});
    const support::TempFolder sockets("admin");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        cases[i].admin = "unix:" + (sockets.path() / std::to_string(i)).string();
        cases[i].daemon = start(scene, cases[i].entry, cases[i].admin);
    }
    for (Case& one : cases) {
        INFO(one.entry.door << ": " << one.problem);
        CHECK(eventually(20s, [&] { return !refusal_of(*one.daemon, one.problem).empty(); }));
        INFO(log_of(*one.daemon));
        const std::string line = refusal_of(*one.daemon, one.problem);
        CHECK_THAT(line, Contains("route=usual") && Contains("cluster=main") &&
                             Contains("principal=" + one.principal) && Contains("error=") &&
                             Contains("hint="));
        one.cpu = one.daemon->cpu();
        one.lines = one.daemon->lines().size();
    }
    // These and the checks take some seconds, in which nothing may spin.
    CHECK(always(3s, [&] { return scene.admin.log_end(scene.out(), 0) == 0; }));
    for (Case& one : cases) {
        const Answer answer = check(scene, one.entry);
        INFO(one.entry.door << ": " << answer.text);
        CHECK(answer.code == 78);
        CHECK_THAT(answer.text, Contains("clusters.main") && Contains(one.problem) &&
                                    Contains("principal " + one.principal));
    }
    for (Case& one : cases) {
        INFO(one.entry.door << "\n" << log_of(*one.daemon));
        const admin::Reply status = admin::ask(one.admin, "/status");
        CHECK_THAT(status.body, Contains("cluster refuses") && Contains(one.problem) &&
                                    !Contains(k_password) && !Contains(k_wrong_password));
        CHECK(one.daemon->lines().size() <= one.lines + 2);
        CHECK(one.daemon->cpu() - one.cpu < 1s);
        check_quiet(*one.daemon);
        CHECK(one.daemon->terminate() == 0);
    }
}

TEST_CASE("Kafka 4 and a librdkafka whose SCRAM it refuses: the log says so") {
    Scene scene(the_broker(), "old");
    if (!has_old_scram() || scene.broker.version()[0] < '4') {
        WARN("this librdkafka and this Kafka agree about SCRAM: nothing to see");
        return;
    }
    const std::unique_ptr<Daemon> daemon = start(scene, scram("laterd", k_password));
    CHECK(daemon->await_line("with Kafka 4, SCRAM needs librdkafka 2.6.1", 20s));
    CHECK(daemon->terminate() == 0);
}

TEST_CASE("a password file that is mended, and a user that is created, are enough") {
    Scene scene(scram_broker(), "mended");
    scene.producer.deliver({.topic = scene.in(), .value = "a"});
    // Nobody restarts this one.
    const std::unique_ptr<Daemon> later = start(scene, scram("newcomer", k_password));
    CHECK(later->await_line("cluster refuses", 20s));
    scene.broker.set_scram_password("newcomer", k_password);
    CHECK(delivers(scene, 1));
    CHECK(later->terminate() == 0);

    const std::unique_ptr<Daemon> daemon = start(scene, plain("laterd", k_wrong_password));
    CHECK(daemon->await_line("cluster refuses", 20s));
    CHECK(daemon->terminate() == 0);
    scene.producer.deliver({.topic = scene.in(), .value = "b"});
    daemon->write_file("password", k_password);
    daemon->start();
    CHECK(delivers(scene, 2));
    check_quiet(*daemon);
}

TEST_CASE("a client certificate that is renewed counts from the next reload on") {
    Scene scene(the_broker(), "renewed");
    const support::TempFolder folder("renewed");
    const auto put = [&](const std::string& name) {
        const auto overwrite = std::filesystem::copy_options::overwrite_existing;
        std::filesystem::copy_file(certificates().file(name + ".pem"), folder.path() / "cert", overwrite);
        std::filesystem::copy_file(certificates().file(name + ".key"), folder.path() / "key", overwrite);
    };
    Entry entry = tls("MUTUAL");
    entry.properties += ", ssl.certificate.location: " + (folder.path() / "cert").string() +
                        ", ssl.key.location: " + (folder.path() / "key").string();
    put("expired");
    scene.producer.deliver({.topic = scene.in(), .value = "a"});
    const std::unique_ptr<Daemon> daemon = start(scene, entry);
    const std::string problem = "the broker does not accept this client's certificate";
    CHECK(eventually(20s, [&] { return !refusal_of(*daemon, problem).empty(); }));
    put("client");
    daemon->signal(SIGHUP);
    CHECK(daemon->await_line("reloaded", 20s));
    INFO(log_of(*daemon));
    CHECK(daemon->count_lines("event=\"route changed\" route=usual") == 1);
    CHECK(daemon->count_lines("ssl.certificate.location") >= 1);
    CHECK(delivers(scene, 1));
    CHECK(daemon->terminate() == 0);
}

TEST_CASE("an ACL that denies source, target or group is named, and taking it back is enough") {
    Scene scene(the_broker(), "denied");
    const Entry entry = plain("denied", k_password);
    struct Denial {
        std::string name;
        rd_kafka_AclOperation_t operation;
        rd_kafka_ResourceType_t resource;
        std::string words;
        bool check_sees;
    };
    const Denial denials[] = {
        {scene.in(), RD_KAFKA_ACL_OPERATION_READ, RD_KAFKA_RESOURCE_TOPIC,
         "this client may not use the topic", false},
        {scene.in(), RD_KAFKA_ACL_OPERATION_DESCRIBE, RD_KAFKA_RESOURCE_TOPIC,
         "this client may not use the topic", true},
        {scene.out(), RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_RESOURCE_TOPIC,
         "this client may not use the topic", false},
        {scene.group(), RD_KAFKA_ACL_OPERATION_READ, RD_KAFKA_RESOURCE_GROUP,
         "this client may not use the group", false},
    };
    std::int64_t expected = 0;
    for (const Denial& denial : denials) {
        INFO(denial.name << " " << rd_kafka_AclOperation_name(denial.operation));
        scene.admin.deny("denied", denial.operation, denial.name, denial.resource);
        scene.producer.deliver({.topic = scene.in(), .value = denial.name});
        const std::unique_ptr<Daemon> daemon = start(scene, entry);
        CHECK(eventually(30s, [&] { return !refusal_of(*daemon, denial.words).empty(); }));
        const std::string line = refusal_of(*daemon, denial.words);
        CHECK_THAT(line, Contains("route=usual") && Contains("cluster=main") &&
                             Contains("principal=denied") && Contains("authorization failed") &&
                             Contains("hint="));
        const std::size_t lines = daemon->lines().size();
        const auto cpu = daemon->cpu();
        if (denial.check_sees) {
            const Answer answer = check(scene, entry);
            INFO(answer.text);
            CHECK(answer.code == 78);
            CHECK_THAT(answer.text, Contains(denial.words));
        }
        CHECK(always(3s, [&] { return scene.admin.log_end(scene.out(), 0) == expected; }));
        INFO(log_of(*daemon));
        CHECK(daemon->lines().size() <= lines + 4);
        CHECK(daemon->cpu() - cpu < 1s);
        scene.admin.allow_again(denial.name, denial.resource);
        CHECK(delivers(scene, ++expected));
        check_quiet(*daemon);
        CHECK(daemon->terminate() == 0);
    }
}

TEST_CASE(
    "without the right to describe settings they are not known, which is told once and forbids nothing") {
    Scene scene(the_broker(), "untold");
    for (const std::string& topic : {scene.in(), scene.out(), scene.dead()}) {
        scene.admin.allow("denied", topic);
        scene.admin.deny("denied", RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS, topic);
    }
    // Shorter than the wait: an error, if one knew.
    scene.admin.set_topic(scene.in(), {{"retention.ms", "1000"}});
    const Entry entry = plain("denied", k_password);
    const std::unique_ptr<Daemon> daemon = start(scene, entry);
    CHECK(daemon->await_line("topic settings not known", 20s));
    REQUIRE(scene.await_positions());  // Kafka deletes the record soon
    scene.producer.deliver({.topic = scene.in(), .value = "a"});
    CHECK(delivers(scene, 1));
    const nlohmann::json counters = daemon->counters("usual");
    INFO(counters.dump());
    CHECK(counters.at("laterd_retention_margin_seconds").empty());
    for (const std::string& topic : {scene.in(), scene.out(), scene.dead()}) {
        INFO(topic);
        CHECK(daemon->count_lines("topic=" + topic + " problem=\"the broker does not tell them") == 1);
    }
    CHECK(daemon->count_lines("topic settings not known") == 3);
    CHECK_FALSE(daemon->count_lines("cluster refuses"));
    check_quiet(*daemon);
    CHECK(daemon->terminate() == 0);
    const Answer answer = check(scene, entry);
    INFO(answer.text);
    CHECK(answer.code == 0);
}

TEST_CASE("with OAUTHBEARER a token is fetched, renewed before it ends, and its trouble told") {
    Scene scene(the_broker(), "token");
    TokenEndpoint endpoint;
    const Entry right = by_token(endpoint.url(), k_password);
    if (!has_oidc()) {
        const Answer answer = check(scene, right);
        INFO(answer.text);
        CHECK(answer.code == 78);
        CHECK_THAT(answer.text,
                   Contains("sasl.oauthbearer.method") && Contains("not supported in this build"));
        return;
    }
    const std::unique_ptr<Daemon> daemon = start(scene, right);
    scene.producer.deliver({.topic = scene.in(), .value = "a"});
    CHECK(delivers(scene, 1));
    const std::vector<support::HttpRequest> requests = endpoint.requests();
    REQUIRE_FALSE(requests.empty());
    CHECK(requests.front().method == "POST");
    CHECK_THAT(requests.front().body, Contains("grant_type=client_credentials") && Contains("scope=records"));
    // Consumer, producer and dead-letter producer have had theirs; each fetches another before it ends.
    const std::size_t first = endpoint.given();
    CHECK(eventually(20s, [&] { return endpoint.given() >= first + 3; }));
    scene.producer.deliver({.topic = scene.in(), .value = "b"});
    CHECK(delivers(scene, 2));
    CHECK_FALSE(daemon->count_lines("cluster refuses"));
    check_quiet(*daemon);
    CHECK(daemon->terminate() == 0);
    CHECK(check(scene, right).code == 0);

    const Entry wrong = by_token(endpoint.url(), k_wrong_password);
    const std::unique_ptr<Daemon> refused = start(scene, wrong);
    const std::string no_token = "the token endpoint gives no token";
    CHECK(eventually(30s, [&] { return !refusal_of(*refused, no_token).empty(); }));
    INFO(log_of(*refused));
    CHECK_THAT(refusal_of(*refused, no_token), Contains("principal=laterd") && Contains("hint="));
    const Answer answer = check(scene, wrong);
    INFO(answer.text);
    CHECK(answer.code == 78);
    CHECK_THAT(answer.text, Contains(no_token));
    check_quiet(*refused);
    CHECK(refused->terminate() == 0);

    endpoint.spoil_tokens();
    const std::unique_ptr<Daemon> spoilt = start(scene, right);
    const std::string not_accepted = "the brokers do not accept the token";
    CHECK(eventually(30s, [&] { return !refusal_of(*spoilt, not_accepted).empty(); }));
    INFO(log_of(*spoilt));
    check_quiet(*spoilt);
    CHECK(spoilt->terminate() == 0);
}

TEST_CASE("the example of a secure table is right once its files are there") {
    const char* examples = std::getenv("LATERD_EXAMPLES");
    REQUIRE(examples != nullptr);
    std::ostringstream text;
    text << std::ifstream(std::string(examples) + "/secure.yaml").rdbuf();
    std::string table = text.str();
    const std::string elsewhere = "/etc/laterd/";
    for (std::size_t at = table.find(elsewhere); at != std::string::npos; at = table.find(elsewhere)) {
        table.replace(at, elsewhere.size(), certificates().file(""));
    }
    const support::TempFolder folder("example");
    std::ofstream(folder.path() / "t.yaml") << table;
    std::ofstream(folder.path() / "shop-password") << k_password << '\n';
    std::filesystem::permissions(folder.path() / "shop-password", std::filesystem::perms::owner_read);
    support::ChildProcess process({.arguments = {std::getenv("LATERD_BINARY"), "check", "-c", "t.yaml"},
                                   .environment = {},
                                   .folder = folder.path(),
                                   .output = folder.path() / "findings"});
    CHECK(process.wait(30s) == 0);
    std::ostringstream findings;
    findings << std::ifstream(folder.path() / "findings").rdbuf();
    CHECK(findings.str().empty());
}

}  // namespace laterd::kafka_test
