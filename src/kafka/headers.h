// The headers of a record that is to be sent, in order.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

struct rd_kafka_headers_s;

namespace laterd::kafka {

class Headers {
  public:
    // None; costs nothing.
    Headers() noexcept = default;
    explicit Headers(std::size_t expected);

    // Copies. nullopt is null; empty is not.
    void add(std::string_view name, std::optional<std::string_view> value);

    bool is_empty() const noexcept { return headers_ == nullptr; }
    rd_kafka_headers_s* get() const noexcept { return headers_.get(); }
    rd_kafka_headers_s* release() noexcept { return headers_.release(); }

  private:
    struct Deleter {
        void operator()(rd_kafka_headers_s* headers) const noexcept;
    };
    std::unique_ptr<rd_kafka_headers_s, Deleter> headers_;
};

}  // namespace laterd::kafka
