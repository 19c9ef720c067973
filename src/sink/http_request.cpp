#include "sink/http_request.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dialect/laterd.h"

namespace laterd::sink {

namespace {

bool is_alphanumeric(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_unreserved(char c) noexcept {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_visible(char c) noexcept {
    return c >= '!' && c <= '~';
}

template <typename IsPlain>
std::string encoded(std::string_view bytes, IsPlain is_plain) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        if (is_plain(c)) {
            text += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            text += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return text;
}

// A value that may stand in a header line as it is: visible ASCII, with blanks between (`text/plain; charset=utf-8`).
bool is_sendable(std::string_view value) noexcept {
    return !value.empty() && is_visible(value.front()) && is_visible(value.back()) &&
           std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || is_visible(c); });
}

// The name of a CloudEvents attribute when `header` carries one, else empty. The content type is no header `ce-` in HTTP.
std::string_view attribute_name(std::string_view header) noexcept {
    if (!header.starts_with("ce_") || header == "ce_datacontenttype") {
        return {};
    }
    const std::string_view name = header.substr(3);
    return std::all_of(name.begin(), name.end(), is_alphanumeric) ? name : std::string_view();
}

// Room for what a record's headers may take in a request.
class Room {
  public:
    bool take(std::size_t bytes) noexcept {
        if (bytes > left_) {
            return false;
        }
        left_ -= bytes;
        return true;
    }

  private:
    std::size_t left_ = k_sent_headers_most;
};

using Value = std::optional<std::string_view>;

// The record's headers that HTTP has a header of its own for.
struct Copies {
    Value content_type;
    Value traceparent;
    Value tracestate;
    std::vector<std::pair<std::string_view, Value>> attributes;  // of a CloudEvent, in order, each once

    void see(std::string_view header, Value value) {
        if (header == "content-type") {
            content_type = value;
        } else if (header == "traceparent") {
            traceparent = value;
        } else if (header == "tracestate") {
            tracestate = value;
        } else if (const std::string_view name = attribute_name(header); !name.empty()) {
            const auto known = std::find_if(attributes.begin(), attributes.end(),
                                            [name](const auto& one) { return one.first == name; });
            if (known == attributes.end()) {
                attributes.emplace_back(name, value);
            } else {
                known->second = value;
            }
        }
    }
};

void write_copies(const Copies& copies, HeaderLines& lines) {
    Room room;
    const auto may_copy = [&](Value value) {
        return value && is_sendable(*value) && room.take(value->size());
    };
    lines.add("Content-Type",
              may_copy(copies.content_type) ? *copies.content_type : "application/octet-stream");
    if (may_copy(copies.traceparent)) {
        lines.add("traceparent", *copies.traceparent);
    }
    if (may_copy(copies.tracestate)) {
        lines.add("tracestate", *copies.tracestate);
    }
    for (const auto& [name, value] : copies.attributes) {
        const std::string text = cloud_event_encoded(value.value_or(std::string_view()));
        if (value && room.take(name.size() + text.size())) {
            lines.add("ce-" + std::string(name), text);
        }
    }
}

void write_place(const StoredRecord& record, HeaderLines& lines) {
    const dialect::Origin& origin = record.origin;
    const std::string partition = std::to_string(origin.partition);
    const std::string offset = std::to_string(origin.offset);
    lines.add("Idempotency-Key", std::string(origin.topic) + '/' + partition + '/' + offset);
    lines.add("Kafka-Topic", origin.topic);
    lines.add("Kafka-Partition", partition);
    lines.add("Kafka-Offset", offset);
    lines.add("Kafka-Timestamp", std::to_string(origin.timestamp));
    if (const auto key = record.key()) {
        lines.add("Kafka-Key", percent_encoded(*key));
    }
    if (!record.value()) {
        lines.add("Kafka-Value", "null");
    }
}

void write_delivery(const RequestTerms& terms, const StoredRecord& record, HeaderLines& lines) {
    lines.add("Laterd-Route", terms.route);
    lines.add("Laterd-Attempt", std::to_string(record.attempts + 1));
    if (terms.max_attempts > 0) {
        lines.add("Laterd-Max-Attempts", std::to_string(terms.max_attempts));
    }
    lines.add("Laterd-Due", std::to_string(record.due.time_since_epoch().count()));
}

bool is_chosen(const config::HandlerSink& handler, std::string_view name) {
    switch (handler.headers) {
        case config::SentHeaders::all:
            return true;
        case config::SentHeaders::none:
            return false;
        case config::SentHeaders::named:
            return std::find(handler.header_names.begin(), handler.header_names.end(), name) !=
                   handler.header_names.end();
    }
    return false;
}

// Calls `each` for every header that is the user's: from a source all of them, whatever they are called.
template <typename Each>
void for_each_users_header(const StoredRecord& record, Each each) {
    record.for_each_header([&](std::string_view name, Value value) {
        if (record.role == core::Role::source || !dialect::is_own_header(name)) {
            each(name, value);
        }
    });
}

void write_record_headers(const config::HandlerSink& handler, const StoredRecord& record,
                          HeaderLines& lines) {
    Room room;
    std::size_t omitted = 0;
    for_each_users_header(record, [&](std::string_view name, Value value) {
        if (!is_chosen(handler, name)) {
            return;
        }
        std::string text = percent_encoded(name);
        if (value) {
            text += '=';
            text += percent_encoded(*value);
        }
        // The order is kept: nothing goes after one that is left out.
        if (omitted > 0 || !room.take(text.size())) {
            ++omitted;
            return;
        }
        lines.add("Kafka-Header", text);
    });
    if (omitted > 0) {
        lines.add("Laterd-Headers-Omitted", std::to_string(omitted));
    }
}

}  // namespace

void HeaderLines::clear() noexcept {
    text_.clear();
    starts_.clear();
}

void HeaderLines::add(std::string_view name, std::string_view value) {
    starts_.push_back(text_.size());
    text_ += name;
    if (value.empty()) {
        text_ += ';';
    } else {
        text_ += ": ";
        text_ += value;
    }
    text_ += '\0';
}

void HeaderLines::leave_out(std::string_view name) {
    starts_.push_back(text_.size());
    text_ += name;
    text_ += ':';
    text_ += '\0';
}

std::string percent_encoded(std::string_view bytes) {
    return encoded(bytes, is_unreserved);
}

std::string cloud_event_encoded(std::string_view bytes) {
    return encoded(bytes, [](char c) { return is_visible(c) && c != '"' && c != '%'; });
}

void write_headers(const RequestTerms& terms, const StoredRecord& record, HeaderLines& lines) {
    Copies copies;
    for_each_users_header(record, [&](std::string_view name, Value value) { copies.see(name, value); });
    write_copies(copies, lines);
    write_place(record, lines);
    write_delivery(terms, record, lines);
    write_record_headers(terms.handler, record, lines);
}

}  // namespace laterd::sink
