#include "kafka/certificate.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace laterd::kafka {

namespace {

// X509_V_ERR_* of OpenSSL, which are part of its ABI; librdkafka hands them on as they are.
const char* words_for(int error) noexcept {
    switch (error) {
        case 9:
            return "certificate is not yet valid";
        case 10:
            return "certificate has expired";
        case 18:
        case 19:
            return "self-signed certificate that is not trusted";
        case 2:
        case 20:
        case 21:
            return "unable to get local issuer certificate";
        case 62:
            return "hostname mismatch";
        case 64:
            return "IP address mismatch";
        default:
            return nullptr;
    }
}

// On one of librdkafka's threads. 1 would accept the certificate whatever OpenSSL thinks.
int judge(rd_kafka_t*, const char*, std::int32_t, int* error, int, const char*, std::size_t, char* text,
          std::size_t size, void*) noexcept {
    if (*error == 0) {
        return 1;
    }
    if (const char* words = words_for(*error)) {
        std::snprintf(text, size, "%s", words);
    } else {
        std::snprintf(text, size, "OpenSSL's error %d", *error);
    }
    return 0;
}

}  // namespace

void explain_certificates(rd_kafka_conf_s* conf) noexcept {
    std::array<char, 16> value{};
    std::size_t size = value.size();
    // Whoever has switched the verification off is told nothing.
    if (rd_kafka_conf_get(conf, "enable.ssl.certificate.verification", value.data(), &size) ==
            RD_KAFKA_CONF_OK &&
        std::string_view(value.data()) == "true") {
        rd_kafka_conf_set_ssl_cert_verify_cb(conf, judge);
    }
}

}  // namespace laterd::kafka
