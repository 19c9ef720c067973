// systemd's journal, natively: an event with its priority and its fields instead of a line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"

namespace laterd::log {

// Whether `fd` is the journal's stream, as $JOURNAL_STREAM (`device:inode`) says. Never without libsystemd.
bool is_journal(int fd, const char* journal_stream) noexcept;

// The event as `NAME=value` each: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, LATERD_EVENT, and LATERD_ROUTE and so on for
// its own fields. Values are as they are; only MESSAGE, which people read, has control characters escaped.
std::vector<std::string> journal_fields(Level level, std::string_view event, std::span<const Field> fields);
// A line that says it all already.
std::vector<std::string> journal_fields(std::string_view line);

// What systemd takes a line's priority from on a stream: `<3>` for an error.
std::string_view journal_prefix(Level level) noexcept;

// As one string and back: what goes through the writer's queue.
std::string pack(std::span<const std::string> fields);
std::vector<std::string_view> unpack(std::string_view packed);

// May block, so not for the callers of `write`. False when the journal does not take it.
bool send_to_journal(std::string_view packed) noexcept;

}  // namespace laterd::log
