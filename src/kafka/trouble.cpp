#include "kafka/trouble.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

#include "kafka/properties.h"

namespace laterd::kafka {

namespace {

using Kind = Trouble::Kind;

// Older ones repeat a nonce that Kafka 4 does not take twice.
constexpr int k_strict_scram = 0x02060100;

bool mentions(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return copy;
}

// OpenSSL's and librdkafka's words, seen with librdkafka 2.0.2 and OpenSSL 3.0, and those of certificate.cpp.
Trouble untrusted(std::string_view text) {
    // Alerts are what the broker says of us.
    if (mentions(text, {"alert certificate required", "alert bad certificate", "alert handshake failure",
                        "alert certificate unknown", "alert unknown ca", "alert certificate expired"})) {
        return {Kind::untrusted, "the broker does not accept this client's certificate, or got none",
                "set ssl.certificate.location and ssl.key.location to a certificate that the broker trusts"};
    }
    if (mentions(text, {"hostname mismatch", "ip address mismatch"})) {
        return {Kind::untrusted, "the broker's certificate is for another host name",
                "list the brokers by a name that stands in their certificates, or have those renewed"};
    }
    if (mentions(text, {"certificate has expired"})) {
        return {Kind::untrusted, "the broker's certificate has expired",
                "have it renewed, and look at this host's clock"};
    }
    if (mentions(text, {"not yet valid"})) {
        return {Kind::untrusted, "the broker's certificate is not valid yet", "look at this host's clock"};
    }
    if (mentions(text, {"plaintext broker listener", "wrong version number"})) {
        return {Kind::untrusted, "the broker does not speak TLS on this port",
                "look at security.protocol and at the port in brokers"};
    }
    if (mentions(text, {"broker certificate could not be verified", "self-signed", "self signed",
                        "unable to get local issuer", "unable to get issuer"})) {
        return {Kind::untrusted, "the broker's certificate is signed by a CA that this client does not trust",
                "set ssl.ca.location to the CA of the brokers"};
    }
    return {Kind::untrusted, "TLS cannot be set up with the broker",
            "compare the ssl.* properties with the broker's listener"};
}

Trouble unknown(std::string_view text) {
    if (mentions(text, {"failed to retrieve oidc token", "failed to acquire sasl oauthbearer token"})) {
        return {Kind::unknown, "the token endpoint gives no token to this client",
                "look at sasl.oauthbearer.token.endpoint.url, sasl.oauthbearer.client.id and the file of "
                "sasl.oauthbearer.client.secret"};
    }
    if (mentions(text, {"invalid_token", "invalid token"})) {
        return {Kind::unknown, "the brokers do not accept the token",
                "compare the token's issuer, audience and scope with what the listener expects, and this "
                "host's clock"};
    }
    if (mentions(text, {"unsupported", "not supported", "not enabled", "enabled mechanisms"})) {
        return {Kind::unknown, "the brokers do not offer this SASL mechanism",
                "set sasl.mechanism to one that the listener has enabled"};
    }
    std::string hint = "look at sasl.username and at the file of sasl.password; or create the user";
    // Measured: 2.0.2 on Kafka 3.9.1 and 4.3.0, with the right password. librdkafka's pull request 4895 has the mend.
    if (mentions(text, {"scram"}) && rd_kafka_version() < k_strict_scram) {
        hint += "; with Kafka 4, SCRAM needs librdkafka 2.6.1 or newer, and this is " +
                std::string(rd_kafka_version_str());
    }
    return {Kind::unknown, "the brokers refuse the user name or the password", hint};
}

Trouble not_allowed(const char* what, const char* hint) {
    return {Kind::not_allowed, what, hint};
}

}  // namespace

Trouble trouble_of(ErrorCode code, std::string_view text) {
    const std::string words = lower(text);
    switch (code) {
        case RD_KAFKA_RESP_ERR__SSL:
            return untrusted(words);
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
        case RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_EXPIRED:
            return unknown(words);
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
            return not_allowed("this client may not use the topic",
                               "add ACLs for its principal: Describe and Read on what the route reads, "
                               "Describe and Write on what it writes");
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return not_allowed("this client may not use the group",
                               "add an ACL for its principal: Read on the group");
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return not_allowed("this client may not write idempotently to the cluster",
                               "add an ACL for its principal: Write on the topic, or IdempotentWrite on the "
                               "cluster (Kafka before 3.0)");
        case RD_KAFKA_RESP_ERR__TRANSPORT:
            // The broker ends a TLS 1.3 connection that lacks a certificate after the handshake.
            if (mentions(words, {"alert"})) {
                return untrusted(words);
            }
            return {Kind::away, "a broker cannot be reached, or closed the connection", {}};
        case RD_KAFKA_RESP_ERR__RESOLVE:
            return {Kind::away, "a broker's name cannot be resolved", {}};
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
            return {Kind::away, "no broker answers", {}};
        default:
            return {};
    }
}

bool is_refusal(Trouble::Kind kind) noexcept {
    return kind == Kind::untrusted || kind == Kind::unknown || kind == Kind::not_allowed;
}

std::string principal_of(const config::Cluster& cluster) {
    const auto of = [&](const char* name) {
        const auto found = cluster.properties.find(name);
        return found == cluster.properties.end() ? std::string() : found->second;
    };
    const std::string protocol = lower(of("security.protocol"));
    if (protocol.starts_with("sasl")) {
        const std::string user =
            uses_oauth(cluster.properties) ? of("sasl.oauthbearer.client.id") : of("sasl.username");
        // One that is kept in a file stays there.
        return user.empty() ? "the SASL user" : user;
    }
    const std::string certificate = of("ssl.certificate.location");
    return protocol == "ssl" && !certificate.empty() ? "certificate " + certificate : "anonymous";
}

}  // namespace laterd::kafka
