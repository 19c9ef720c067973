// A look at one consumed Kafka message. Its bytes are librdkafka's and end with the call that shows it: copy
// them out at once, for a kept message would pin its whole fetch buffer.
#pragma once

#include "core/record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

struct rd_kafka_message_s;
struct rd_kafka_headers_s;

namespace laterd::kafka {

enum class TimestampType : std::uint8_t { none, create_time, log_append_time };

struct HeaderView {
    std::string_view name;                  // up to its first NUL byte: librdkafka shows no more
    std::optional<std::string_view> value;  // nullopt is null; empty is not
};

class MessageView {
  public:
    // Reads the headers' frame: librdkafka parses them once, here.
    explicit MessageView(const rd_kafka_message_s& message) noexcept;

    core::Offset offset() const noexcept { return offset_; }

    // nullopt is null; empty is not.
    std::optional<std::string_view> key() const noexcept { return key_; }
    std::optional<std::string_view> value() const noexcept { return value_; }

    // Unix milliseconds; -1 when there is none.
    std::int64_t timestamp() const noexcept { return timestamp_; }
    TimestampType timestamp_type() const noexcept { return timestamp_type_; }

    std::size_t header_count() const noexcept { return header_count_; }
    HeaderView header(std::size_t index) const noexcept;

    // Calls `each(name, optional value)` for every header in order.
    template <typename Each>
    void for_each_header(Each each) const {
        for (std::size_t i = 0; i < header_count_; ++i) {
            const HeaderView one = header(i);
            each(one.name, one.value);
        }
    }

  private:
    core::Offset offset_;
    std::optional<std::string_view> key_;
    std::optional<std::string_view> value_;
    std::int64_t timestamp_ = -1;
    TimestampType timestamp_type_ = TimestampType::none;
    std::size_t header_count_ = 0;
    const rd_kafka_headers_s* headers_ = nullptr;
};

}  // namespace laterd::kafka
