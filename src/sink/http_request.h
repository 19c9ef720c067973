// The head of a call to a handler: what a record, its origin and its route say, as header lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/routing_table.h"
#include "sink/stored_record.h"

namespace laterd::sink {

// Record headers that are sent take at most so many bytes, counted as they are sent.
inline constexpr std::size_t k_sent_headers_most = 8'192;

// Header lines in the order they are sent, in memory that the next request uses again.
class HeaderLines {
  public:
    void clear() noexcept;

    // The value has no line breaks. An empty one is written `Name;`, which is how libcurl sends an empty header.
    void add(std::string_view name, std::string_view value);

    // One that libcurl would send by itself.
    void leave_out(std::string_view name);

    std::size_t size() const noexcept { return starts_.size(); }

    // `Name: value`, ending in NUL; valid until the next change.
    const char* line(std::size_t index) const noexcept { return text_.data() + starts_[index]; }

  private:
    std::string text_;
    std::vector<std::size_t> starts_;
};

// What is the same for every request of a route.
struct RequestTerms {
    const config::HandlerSink& handler;
    std::string_view route;
    std::uint32_t max_attempts;  // 0: in place, there is none
};

// Appends the whole head but what HTTP itself wants (Host, Content-Length). Of headers that may stand only once
// (content-type, traceparent, tracestate, ce_*) the last one counts.
void write_headers(const RequestTerms& terms, const StoredRecord& record, HeaderLines& lines);

// Every byte outside `A-Z a-z 0-9 - . _ ~` as %XY.
std::string percent_encoded(std::string_view bytes);

// Blank, `"`, `%` and every byte outside visible ASCII as %XY: CloudEvents HTTP protocol binding 1.0.2, section 3.1.3.2.
std::string cloud_event_encoded(std::string_view bytes);

}  // namespace laterd::sink
