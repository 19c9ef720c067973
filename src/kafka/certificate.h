// Why a broker's certificate is refused: librdkafka itself says only that it is. For this folder only.
#pragma once

struct rd_kafka_conf_s;

namespace laterd::kafka {

// Has the client log the reason (facility SSLCERTVRFY) whenever OpenSSL refuses a certificate. What OpenSSL decides stands.
void explain_certificates(rd_kafka_conf_s* conf) noexcept;

}  // namespace laterd::kafka
