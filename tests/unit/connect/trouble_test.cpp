#include "kafka/trouble.h"

#include <librdkafka/rdkafka.h>

#include "support/catch.hpp"

namespace laterd {

namespace {

using Kind = kafka::Trouble::Kind;

struct Row {
    kafka::ErrorCode code;
    const char* text;  // as librdkafka 2.0.2 says it
    Kind kind;
    const char* what;
};

}  // namespace

TEST_CASE("a client's error in words", "[trouble]") {
    const Row rows[] = {
        {RD_KAFKA_RESP_ERR__SSL,
         "Certificate (subject=/CN=a, issuer=/CN=b) verification callback failed: certificate has expired",
         Kind::untrusted, "the broker's certificate has expired"},
        {RD_KAFKA_RESP_ERR__SSL, "verification callback failed: IP address mismatch", Kind::untrusted,
         "the broker's certificate is for another host name"},
        {RD_KAFKA_RESP_ERR__SSL,
         "SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", Kind::untrusted,
         "the broker does not speak TLS on this port"},
        {RD_KAFKA_RESP_ERR__SSL, "broker certificate could not be verified", Kind::untrusted,
         "the broker's certificate is signed by a CA that this client does not trust"},
        {RD_KAFKA_RESP_ERR__SSL, "something new", Kind::untrusted, "TLS cannot be set up with the broker"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "SASL authentication error: Authentication failed: Invalid username or password", Kind::unknown,
         "the brokers refuse the user name or the password"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, "invalid credentials with SASL mechanism SCRAM-SHA-512",
         Kind::unknown, "the brokers refuse the user name or the password"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "Unsupported SASL mechanism: broker's supported mechanisms: PLAIN", Kind::unknown,
         "the brokers do not offer this SASL mechanism"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "Failed to acquire SASL OAUTHBEARER token: Failed to retrieve OIDC token from \"http://a\": (401)",
         Kind::unknown, "the token endpoint gives no token to this client"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error: {\"status\":\"invalid_token\"}",
         Kind::unknown, "the brokers do not accept the token"},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "", Kind::not_allowed,
         "this client may not use the topic"},
        {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "", Kind::not_allowed,
         "this client may not use the group"},
        {RD_KAFKA_RESP_ERR__TRANSPORT, "Connect to ipv4#127.0.0.1:1 failed: Connection refused", Kind::away,
         "a broker cannot be reached, or closed the connection"},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", Kind::other, ""},
        {RD_KAFKA_RESP_ERR_NO_ERROR, "a line of the log", Kind::other, ""},
    };
    for (const Row& row : rows) {
        INFO(row.code << " " << row.text);
        const kafka::Trouble trouble = kafka::trouble_of(row.code, row.text);
        CHECK(trouble.kind == row.kind);
        CHECK(trouble.what == row.what);
        // Whoever has to act is told how.
        CHECK((!kafka::is_refusal(trouble.kind) || !trouble.hint.empty()));
    }
}

TEST_CASE("who the client is to the brokers", "[trouble]") {
    const auto principal = [](config::Properties properties) {
        return kafka::principal_of(
            {.name = "c", .brokers = {}, .properties = std::move(properties), .secrets = {}});
    };
    CHECK(principal({}) == "anonymous");
    CHECK(principal({{"sasl.username", "me"}}) == "anonymous");
    CHECK(principal({{"security.protocol", "SASL_SSL"}, {"sasl.username", "me"}}) == "me");
    CHECK(principal({{"security.protocol", "sasl_ssl"}}) == "the SASL user");
    CHECK(principal({{"security.protocol", "sasl_ssl"},
                     {"sasl.mechanism", "OAUTHBEARER"},
                     {"sasl.username", "nobody"},
                     {"sasl.oauthbearer.client.id", "me"}}) == "me");
    CHECK(principal({{"security.protocol", "ssl"}, {"ssl.certificate.location", "/c.pem"}}) ==
          "certificate /c.pem");
}

}  // namespace laterd
