#include "kafka/headers.h"

#include <librdkafka/rdkafka.h>

namespace laterd::kafka {

Headers::Headers(std::size_t expected) : headers_(rd_kafka_headers_new(expected)) {}

void Headers::add(std::string_view name, std::optional<std::string_view> value) {
    // librdkafka takes a null pointer for a null value, so an empty one needs some address.
    const char* data = !value ? nullptr : value->empty() ? "" : value->data();
    rd_kafka_header_add(headers_.get(), name.empty() ? "" : name.data(), static_cast<ssize_t>(name.size()),
                        data, value ? static_cast<ssize_t>(value->size()) : 0);
}

void Headers::Deleter::operator()(rd_kafka_headers_s* headers) const noexcept {
    rd_kafka_headers_destroy(headers);
}

}  // namespace laterd::kafka
