// When is a record due? A rule made from the route's configuration, applied once per record.
//
// Due time = header instant, or header duration + record timestamp, or record timestamp + fixed delay. Always rounded
// up to the millisecond, never down. Rules and formats: interface page, `due.format` of the routing table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/record.h"
#include "core/time.h"

namespace laterd::core {

enum class DueFormat : std::uint8_t { unix_s, unix_ms, rfc3339, delay_ms, delay, be_s, be_ms };

// What a header value says: an instant, or a duration that counts from the record's timestamp. Negative durations
// cannot be written. `too_far`: well formed, but beyond the calendar. `unreadable`: anything else.
struct TooFar {};
struct Unreadable {};
using DueValue = std::variant<WallTime, Milliseconds, TooFar, Unreadable>;

// Decodes one header value. Never throws; any bytes are allowed.
DueValue parse_due(DueFormat format, std::string_view value) noexcept;

// What to do with a record whose due time is missing or invalid.
struct DueFallback {
    enum class Kind : std::uint8_t { dead_letter, now, stop, delay };
    Kind kind = Kind::dead_letter;
    Milliseconds delay{0};  // kind == delay (only for `missing`): from the record's timestamp

    bool operator==(const DueFallback&) const = default;
};

// The due rule of one route; an immutable value.
struct DueRule {
    std::string header;                     // empty: fixed delay
    DueFormat format = DueFormat::unix_ms;  // header rules only
    Milliseconds delay{0};                  // fixed delay; >= 0
    DueFallback missing;
    DueFallback invalid;
    Milliseconds max{0};  // further from now than this is too far

    // True when a due time can be missing or invalid without being an error of the record: see `judge`.
    bool uses_header() const noexcept { return !header.empty(); }

    bool operator==(const DueRule&) const = default;
};

// The same for rules that compute the same due times, on every machine and in every version.
std::uint64_t fingerprint(const DueRule& rule) noexcept;

// The due header of a record: absent, null, or bytes. The last occurrence counts; the shell finds it.
struct DueHeader {
    bool present = false;
    bool null = false;
    std::string_view value;
};

// What the rule says about one record.
struct Verdict {
    WallTime due{};  // the epoch's start when due at once
    Fate fate = Fate::deliver;
    Reason reason = Reason::none;  // due_missing, due_invalid or due_too_far, also when the fallback is `now`
};

// `timestamp` is the record's Kafka timestamp, nullopt when it has none (-1). `now` and `kept_until` decide only what is too
// far: a record that has to wait in its topic for longer than Kafka is sure to keep it there (retention.h) would be lost.
// One that is not far away (lap.h) is held in memory and needs no topic.
Verdict judge(const DueRule& rule, const DueHeader& header, std::optional<WallTime> timestamp, WallTime now,
              WallTime kept_until = WallTime::max()) noexcept;

}  // namespace laterd::core
