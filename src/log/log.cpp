#include "log/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>

namespace laterd::log {

namespace {

// Enough for the burst of a rebalance; all of it is allocated at the start.
constexpr std::size_t k_queue_lines = 2'048;

// The queue and its one thread.
struct Writer {
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

struct State {
    std::mutex mutex;                // guards `writer` only; held for the copy of a pointer
    std::shared_ptr<Writer> writer;  // shared with whoever writes while `stop` is called
    std::atomic<Level> level{Level::info};
    std::atomic<Format> format{Format::text};
    std::atomic<std::uint64_t> dropped_before{0};  // by writers that have ended
};

State& state() noexcept {
    // Never destroyed: other destructors may still log.
    static State* const instance = new State;
    return *instance;
}

std::shared_ptr<Writer> current_writer() {
    const std::lock_guard lock(state().mutex);
    return state().writer;
}

std::shared_ptr<Writer> make_writer() {
    auto writer = std::make_shared<Writer>();
    writer->pool = std::make_shared<spdlog::details::thread_pool>(k_queue_lines, 1);
    writer->logger =
        std::make_shared<spdlog::async_logger>("laterd", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                               writer->pool, spdlog::async_overflow_policy::overrun_oldest);
    writer->logger->set_pattern("%v");
    writer->logger->set_level(spdlog::level::trace);
    // There is nowhere left to complain to when stderr fails.
    writer->logger->set_error_handler([](const std::string&) {});
    return writer;
}

void write_directly(std::string_view line) {
    std::string text(line);
    text += '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

void emit(std::string_view line) {
    if (const std::shared_ptr<Writer> writer = current_writer()) {
        writer->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
    } else {
        write_directly(line);
    }
}

// The time in a line is for people; nothing is decided by it, so it is not the loop's.
std::int64_t unix_now_ms() noexcept {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return now.time_since_epoch().count();
}

std::string_view to_string(Level level) noexcept {
    switch (level) {
        case Level::trace:
            return "trace";
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "info";
}

// RFC 3339 in UTC with milliseconds.
std::string format_time(std::int64_t unix_ms) {
    const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{unix_ms}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

// Invalid UTF-8 becomes U+FFFD, control characters become escapes: a value cannot begin a line of its own.
std::string dump(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// Whether a logfmt value needs no quotes.
bool is_plain(std::string_view value) noexcept {
    for (const char c : value) {
        if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }
    return !value.empty();
}

void append_text(std::string& line, std::string_view value) {
    if (is_plain(value)) {
        line += value;
    } else {
        line += dump(std::string(value));
    }
}

struct AppendText {
    std::string& line;

    void operator()(const std::string& value) const { append_text(line, value); }
    void operator()(std::int64_t value) const { line += fmt::format("{}", value); }
    void operator()(double value) const { line += fmt::format("{}", value); }
    void operator()(bool value) const { line += value ? "true" : "false"; }
};

std::string format_text(Level level, std::int64_t unix_ms, std::string_view event,
                        std::span<const Field> fields) {
    std::string line = fmt::format("time={} level={} event=", format_time(unix_ms), to_string(level));
    append_text(line, event);
    for (const Field& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        std::visit(AppendText{line}, field.value);
    }
    return line;
}

std::string format_json(Level level, std::int64_t unix_ms, std::string_view event,
                        std::span<const Field> fields) {
    nlohmann::ordered_json line;
    line["time"] = format_time(unix_ms);
    line["level"] = to_string(level);
    line["event"] = event;
    for (const Field& field : fields) {
        std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
    }
    return dump(line);
}

}  // namespace

void start(Level level, Format format) {
    State& log = state();
    log.level = level;
    log.format = format;
    const std::lock_guard lock(log.mutex);
    if (!log.writer) {
        log.writer = make_writer();
    }
}

void stop() noexcept {
    State& log = state();
    std::shared_ptr<Writer> writer;
    {
        const std::lock_guard lock(log.mutex);
        writer.swap(log.writer);
        if (writer) {
            log.dropped_before += writer->pool->overrun_counter();
        }
    }
    // The pool's end writes what is queued and joins the thread; whoever lets go last does that.
}

bool is_enabled(Level level) noexcept {
    return level >= state().level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view event, Fields fields) noexcept {
    write_fields(level, event, std::span(fields.begin(), fields.size()));
}

void write_fields(Level level, std::string_view event, std::span<const Field> fields) noexcept {
    if (!is_enabled(level)) {
        return;
    }
    try {
        emit(format_line(state().format, level, unix_now_ms(), event, fields));
    } catch (...) {
        // A line that cannot be made (no memory) is not worth the process.
    }
}

void write_raw(std::string_view line) noexcept {
    try {
        emit(line);
    } catch (...) {
        // As above.
    }
}

std::uint64_t dropped() noexcept {
    State& log = state();
    const std::lock_guard lock(log.mutex);
    return log.dropped_before + (log.writer ? log.writer->pool->overrun_counter() : 0);
}

std::string format_line(Format format, Level level, std::int64_t unix_ms, std::string_view event,
                        std::span<const Field> fields) {
    return format == Format::json ? format_json(level, unix_ms, event, fields)
                                  : format_text(level, unix_ms, event, fields);
}

}  // namespace laterd::log
