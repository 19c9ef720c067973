#include "log/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "log/journal.h"
#include "log/recent.h"
#include "log/text.h"

namespace laterd::log {

namespace {

// Enough for the burst of a rebalance; all of it is allocated at the start.
constexpr std::size_t k_queue_lines = 2'048;

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

// The queue and its one thread.
struct Writer {
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
    bool to_journal = false;  // what is queued are packed fields, else lines
};

// On the writer's own thread: a journal that is slow to take an event keeps nobody waiting.
class JournalSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const std::string_view packed(message.payload.data(), message.payload.size());
        if (!send_to_journal(packed) && !unpack(packed).empty()) {
            // Better without priority and fields than not at all; stderr leads to the journal, too.
            constexpr std::string_view k_name = "MESSAGE=";
            write_directly(unpack(packed).front().substr(k_name.size()));
        }
    }
    void flush_() override {}
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
    writer->to_journal = is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
    writer->pool = std::make_shared<spdlog::details::thread_pool>(k_queue_lines, 1);
    const spdlog::sink_ptr sink = writer->to_journal ? spdlog::sink_ptr(std::make_shared<JournalSink>())
                                                     : std::make_shared<spdlog::sinks::stderr_sink_mt>();
    writer->logger = std::make_shared<spdlog::async_logger>("laterd", sink, writer->pool,
                                                            spdlog::async_overflow_policy::overrun_oldest);
    writer->logger->set_pattern("%v");
    writer->logger->set_level(spdlog::level::trace);
    // There is nowhere left to complain to when stderr fails.
    writer->logger->set_error_handler([](const std::string&) {});
    return writer;
}

void queue(const Writer& writer, std::string_view text) {
    writer.logger->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}

// The time in a line is for people; nothing is decided by it, so it is not the loop's.
std::int64_t unix_now_ms() noexcept {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return now.time_since_epoch().count();
}

std::string format_text(Level level, std::int64_t unix_ms, std::string_view event,
                        std::span<const Field> fields) {
    std::string line = fmt::format("time={} level={} event=", format_time(unix_ms), to_string(level));
    append_text(line, event);
    line += text_of_fields(fields);
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
    if (!is_enabled(level) && level < Level::warn) {
        return;
    }
    try {
        const std::int64_t now = unix_now_ms();
        if (level >= Level::warn) {
            keep_recent(level, now, event, fields);
        }
        if (!is_enabled(level)) {
            return;
        }
        const std::shared_ptr<Writer> writer = current_writer();
        if (writer && writer->to_journal) {
            queue(*writer, pack(journal_fields(level, event, fields)));
            return;
        }
        const std::string line = format_line(state().format, level, now, event, fields);
        if (writer) {
            queue(*writer, line);
        } else {
            write_directly(line);
        }
    } catch (...) {
        // A line that cannot be made (no memory) is not worth the process.
    }
}

void write_raw(std::string_view line) noexcept {
    try {
        const std::shared_ptr<Writer> writer = current_writer();
        if (!writer) {
            write_directly(line);
        } else {
            queue(*writer, writer->to_journal ? pack(journal_fields(line)) : std::string(line));
        }
    } catch (...) {
        // As above.
    }
}

std::string_view stderr_prefix(Level level) noexcept {
    static const bool leads_to_journal = is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
    return leads_to_journal ? journal_prefix(level) : std::string_view();
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
