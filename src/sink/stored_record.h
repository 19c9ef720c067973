// A record with its bytes: one block of memory, copied out of librdkafka's buffers as soon as it is read, because a
// kept message would pin its whole fetch buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/record.h"
#include "dialect/laterd.h"
#include "kafka/message.h"
#include "sink/record_memory.h"

namespace laterd::sink {

class StoredRecord final : public core::Record {
  public:
    // Copies everything. Offset and bytes are filled in; slot, epoch and due are the caller's. `memory`: shared when records
    // of its partition leave in nearly the order in which they came.
    static std::unique_ptr<StoredRecord> copy(const kafka::MessageView& message, Memory memory);

    // nullopt is null; empty is not.
    std::optional<std::string_view> key() const noexcept { return view(key_size_, 0); }
    std::optional<std::string_view> value() const noexcept { return view(value_size_, key_end()); }

    // Unix milliseconds; -1 when the record has none.
    std::int64_t timestamp() const noexcept { return timestamp_; }

    std::size_t header_count() const noexcept { return header_count_; }

    // Bytes of key, value and headers.
    std::uint32_t payload() const noexcept { return payload_; }

    // Calls `each(name, optional value)` for every header in order.
    template <typename Each>
    void for_each_header(Each each) const {
        const char* at = body() + value_end();
        for (std::size_t i = 0; i < header_count_; ++i) {
            const Sizes sizes = sizes_at(at);
            at += sizeof(Sizes);
            const std::string_view name(at, static_cast<std::size_t>(sizes.name));
            at += sizes.name;
            if (sizes.value < 0) {
                each(name, std::optional<std::string_view>());
            } else {
                each(name, std::optional(std::string_view(at, static_cast<std::size_t>(sizes.value))));
                at += sizes.value;
            }
        }
    }

    // Where the route first read it. The topic's name belongs to the consumer, which outlives the record, or lies in the
    // record's own bytes.
    dialect::Origin origin;
    core::Role role = core::Role::source;  // of the topic that it was read from now
    // What the broker said, for `laterd-error`; empty when nothing went wrong.
    std::unique_ptr<std::string> error;

    static void operator delete(void* memory) noexcept { give_record_memory(memory); }

  private:
    struct Sizes {
        std::int32_t name;
        std::int32_t value;  // -1 is null
    };

    StoredRecord() = default;
    static void* operator new(std::size_t size, std::size_t extra, Memory memory) {
        return take_record_memory(size + extra, memory);
    }
    static void operator delete(void* at, std::size_t, Memory) noexcept { give_record_memory(at); }

    static Sizes sizes_at(const char* at) noexcept;
    std::size_t key_end() const noexcept { return key_size_ > 0 ? static_cast<std::size_t>(key_size_) : 0; }
    std::size_t value_end() const noexcept {
        return key_end() + (value_size_ > 0 ? static_cast<std::size_t>(value_size_) : 0);
    }
    const char* body() const noexcept { return reinterpret_cast<const char*>(this + 1); }
    char* body() noexcept { return reinterpret_cast<char*>(this + 1); }
    std::optional<std::string_view> view(std::int64_t size, std::size_t at) const noexcept {
        return size < 0 ? std::nullopt
                        : std::optional(std::string_view(body() + at, static_cast<std::size_t>(size)));
    }

    std::int64_t key_size_ = -1;    // -1 is null
    std::int64_t value_size_ = -1;  // -1 is null
    std::int64_t timestamp_ = -1;
    std::uint32_t header_count_ = 0;
    std::uint32_t payload_ = 0;
};

}  // namespace laterd::sink
