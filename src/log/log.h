// Events for people and for log collectors: one line each on stderr, logfmt or JSON; in systemd's journal with priority
// and fields when stderr leads there. Never payloads or header values.
//
// Asynchronous: the caller never waits for a slow stderr; when the queue is full the oldest line is dropped and counted.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace laterd::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

// One `name=value` of a line.
struct Field {
    std::string_view name;
    std::variant<std::string, std::int64_t, double, bool> value;

    Field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
    Field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
    Field(std::string_view n, bool v) : name(n), value(v) {}
    Field(std::string_view n, double v) : name(n), value(v) {}
    template <typename Int,
              typename = std::enable_if_t<std::is_integral_v<Int> && !std::is_same_v<Int, bool>>>
    Field(std::string_view n, Int v) : name(n), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

std::string_view to_string(Level level) noexcept;

// An instant as lines show it: RFC 3339 in UTC with milliseconds.
std::string format_time(std::int64_t unix_ms);

// Once, before the first line and any thread; again to change level and format. Without it lines go to stderr as text.
void start(Level level, Format format);

// Writes what is queued and ends the writer's thread. Lines after it are written directly.
void stop() noexcept;

bool is_enabled(Level level) noexcept;

// `event` is what happened, lower case, past tense, e.g. "partition stopped". The error level means that a promise
// was broken or somebody has to act; warn: a person may want to look; info: the life of the process.
void write(Level level, std::string_view event, Fields fields = {}) noexcept;
void write_fields(Level level, std::string_view event, std::span<const Field> fields) noexcept;

// A line that is JSON already, as it is in either format (the counters).
void write_raw(std::string_view line) noexcept;

// What has to stand before a line that goes to stderr past this log, so that the journal gives it its priority: `<3>`
// where stderr leads there, else nothing.
std::string_view stderr_prefix(Level level) noexcept;

inline void error(std::string_view event, Fields fields = {}) noexcept {
    write(Level::error, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) noexcept {
    write(Level::warn, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) noexcept {
    write(Level::info, event, fields);
}
inline void debug(std::string_view event, Fields fields = {}) noexcept {
    write(Level::debug, event, fields);
}

// Lines that were dropped since the start because stderr was too slow.
std::uint64_t dropped() noexcept;

// The line without its newline, as `start`'s format asks; `unix_ms` is the time it carries. For tests and the writer.
std::string format_line(Format format, Level level, std::int64_t unix_ms, std::string_view event,
                        std::span<const Field> fields);

}  // namespace laterd::log
