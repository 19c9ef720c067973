#include "kafka/message.h"

#include <librdkafka/rdkafka.h>

namespace laterd::kafka {

namespace {

std::optional<std::string_view> bytes(const void* data, std::size_t size) {
    return data == nullptr ? std::nullopt
                           : std::optional(std::string_view(static_cast<const char*>(data), size));
}

}  // namespace

MessageView::MessageView(const rd_kafka_message_s& message) noexcept
    : offset_(message.offset),
      key_(bytes(message.key, message.key_len)),
      value_(bytes(message.payload, message.len)) {
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    timestamp_ = rd_kafka_message_timestamp(&message, &type);
    if (type == RD_KAFKA_TIMESTAMP_CREATE_TIME) {
        timestamp_type_ = TimestampType::create_time;
    } else if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
        timestamp_type_ = TimestampType::log_append_time;
    } else {
        timestamp_ = -1;
    }
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        headers_ = headers;
        header_count_ = rd_kafka_header_cnt(headers);
    }
}

HeaderView MessageView::header(std::size_t index) const noexcept {
    const char* name = "";
    const void* value = nullptr;
    std::size_t size = 0;
    rd_kafka_header_get_all(headers_, index, &name, &value, &size);
    return {.name = name, .value = bytes(value, size)};
}

}  // namespace laterd::kafka
