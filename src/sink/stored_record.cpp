#include "sink/stored_record.h"

#include <cstring>

namespace laterd::sink {

namespace {

char* append(char* at, std::string_view text) noexcept {
    if (!text.empty()) {
        std::memcpy(at, text.data(), text.size());
    }
    return at + text.size();
}

}  // namespace

StoredRecord::Sizes StoredRecord::sizes_at(const char* at) noexcept {
    Sizes sizes{};
    std::memcpy(&sizes, at, sizeof sizes);
    return sizes;
}

std::unique_ptr<StoredRecord> StoredRecord::copy(const kafka::MessageView& message, Memory memory) {
    const auto key = message.key();
    const auto value = message.value();
    std::size_t size = (key ? key->size() : 0) + (value ? value->size() : 0);
    std::uint32_t headers = 0;
    message.for_each_header([&](std::string_view name, std::optional<std::string_view> text) {
        size += sizeof(Sizes) + name.size() + (text ? text->size() : 0);
        ++headers;
    });

    std::unique_ptr<StoredRecord> record(new (size, memory) StoredRecord());
    record->offset = message.offset();
    record->timestamp_ = message.timestamp();
    record->key_size_ = key ? static_cast<std::int64_t>(key->size()) : -1;
    record->value_size_ = value ? static_cast<std::int64_t>(value->size()) : -1;
    record->header_count_ = headers;
    record->payload_ = static_cast<std::uint32_t>(size);
    record->bytes = static_cast<std::uint32_t>(sizeof(StoredRecord) + size) + core::k_record_overhead;

    char* at = record->body();
    at = append(at, key.value_or(std::string_view()));
    at = append(at, value.value_or(std::string_view()));
    message.for_each_header([&](std::string_view name, std::optional<std::string_view> text) {
        const Sizes sizes{.name = static_cast<std::int32_t>(name.size()),
                          .value = text ? static_cast<std::int32_t>(text->size()) : -1};
        std::memcpy(at, &sizes, sizeof sizes);
        at = append(at + sizeof sizes, name);
        at = append(at, text.value_or(std::string_view()));
    });
    return record;
}

}  // namespace laterd::sink
