// The decoders of `due.format`. All are strict: what is not exactly of the format is unreadable, for a
// guessed due time releases a record at a time that nobody asked for.
#include "core/due_rule.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace laterd::core {

namespace {

// The calendar ends with the year 9999, which is as far as RFC 3339 can write. Everything up to here can be
// added and subtracted in 64 bits without a thought.
constexpr std::uint64_t k_calendar_end_ms = 253'402'300'799'999;

constexpr std::uint64_t k_second = 1'000;
constexpr std::uint64_t k_minute = 60 * k_second;
constexpr std::uint64_t k_hour = 60 * k_minute;
constexpr std::uint64_t k_day = 24 * k_hour;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// Reads one value from its beginning; what was not taken stays.
class Reader {
  public:
    explicit Reader(std::string_view text) noexcept : rest_(text) {}

    bool at_end() const noexcept { return rest_.empty(); }

    bool take(char wanted) noexcept { return take(wanted, wanted); }

    bool take(char wanted, char or_this) noexcept {
        if (rest_.empty() || (rest_.front() != wanted && rest_.front() != or_this)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    // Unlike a character, a word is taken only as a whole: `ms` is not `m`.
    bool take(std::string_view word) noexcept {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }

    // At least one digit, as many as there are. Above the calendar's end the number stays just above it.
    std::optional<std::uint64_t> take_number() noexcept {
        if (rest_.empty() || !is_digit(rest_.front())) {
            return std::nullopt;
        }
        std::uint64_t number = 0;
        while (!rest_.empty() && is_digit(rest_.front())) {
            number = std::min(number * 10 + digit(), k_calendar_end_ms + 1);
        }
        return number;
    }

    // Exactly so many digits.
    std::optional<int> take_digits(int count) noexcept {
        int number = 0;
        for (int i = 0; i < count; ++i) {
            if (rest_.empty() || !is_digit(rest_.front())) {
                return std::nullopt;
            }
            number = number * 10 + static_cast<int>(digit());
        }
        return number;
    }

    // The digits behind a decimal point, at least one, as milliseconds rounded up.
    std::optional<std::uint64_t> take_fraction() noexcept {
        if (rest_.empty() || !is_digit(rest_.front())) {
            return std::nullopt;
        }
        std::uint64_t milliseconds = 0;
        bool more = false;
        for (int place = 0; place < 3 || (!rest_.empty() && is_digit(rest_.front())); ++place) {
            const std::uint64_t next = !rest_.empty() && is_digit(rest_.front()) ? digit() : 0;
            if (place < 3) {
                milliseconds = milliseconds * 10 + next;
            } else {
                more = more || next != 0;
            }
        }
        return milliseconds + (more ? 1 : 0);
    }

  private:
    std::uint64_t digit() noexcept {
        const auto value = static_cast<std::uint64_t>(rest_.front() - '0');
        rest_.remove_prefix(1);
        return value;
    }

    std::string_view rest_;
};

// Just above the calendar's end when it would be beyond.
std::uint64_t scaled(std::uint64_t number, std::uint64_t unit) noexcept {
    return number > k_calendar_end_ms / unit ? k_calendar_end_ms + 1 : number * unit;
}

DueValue instant(std::uint64_t milliseconds) noexcept {
    if (milliseconds > k_calendar_end_ms) {
        return TooFar{};
    }
    return WallTime{Milliseconds{static_cast<std::int64_t>(milliseconds)}};
}

DueValue duration(std::uint64_t milliseconds) noexcept {
    if (milliseconds > k_calendar_end_ms) {
        return TooFar{};
    }
    return Milliseconds{static_cast<std::int64_t>(milliseconds)};
}

// --- numbers
// ------------------------------------------------------------------------------------------------------

std::optional<std::uint64_t> read_decimal(std::string_view text) noexcept {
    Reader reader(text);
    const std::optional<std::uint64_t> number = reader.take_number();
    return reader.at_end() ? number : std::nullopt;
}

std::optional<std::uint64_t> read_big_endian(std::string_view bytes) noexcept {
    if (bytes.empty() || bytes.size() > 8) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (const char byte : bytes) {
        number = number << 8 | static_cast<unsigned char>(byte);
    }
    return number;
}

// --- rfc3339
// ------------------------------------------------------------------------------------------------------

std::optional<std::chrono::sys_days> take_date(Reader& reader) noexcept {
    const std::optional<int> year = reader.take_digits(4);
    if (!year || !reader.take('-')) {
        return std::nullopt;
    }
    const std::optional<int> month = reader.take_digits(2);
    if (!month || !reader.take('-')) {
        return std::nullopt;
    }
    const std::optional<int> day = reader.take_digits(2);
    if (!day) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    return date.ok() ? std::optional(std::chrono::sys_days{date}) : std::nullopt;
}

std::optional<std::chrono::minutes> take_hours_and_minutes(Reader& reader) noexcept {
    const std::optional<int> hours = reader.take_digits(2);
    if (!hours || *hours > 23 || !reader.take(':')) {
        return std::nullopt;
    }
    const std::optional<int> minutes = reader.take_digits(2);
    if (!minutes || *minutes > 59) {
        return std::nullopt;
    }
    return std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
}

std::optional<Milliseconds> take_time_of_day(Reader& reader) noexcept {
    const std::optional<std::chrono::minutes> minutes = take_hours_and_minutes(reader);
    if (!minutes || !reader.take(':')) {
        return std::nullopt;
    }
    const std::optional<int> seconds = reader.take_digits(2);
    if (!seconds || *seconds > 60) {  // 60 is a leap second: the sum below makes it the next second
        return std::nullopt;
    }
    Milliseconds time = *minutes + std::chrono::seconds{*seconds};
    if (reader.take('.')) {
        const std::optional<std::uint64_t> fraction = reader.take_fraction();
        if (!fraction) {
            return std::nullopt;
        }
        time += Milliseconds{static_cast<std::int64_t>(*fraction)};
    }
    return time;
}

std::optional<std::chrono::minutes> take_offset(Reader& reader) noexcept {
    if (reader.take('Z', 'z')) {
        return std::chrono::minutes{0};
    }
    const bool west = reader.take('-');
    if (!west && !reader.take('+')) {
        return std::nullopt;
    }
    const std::optional<std::chrono::minutes> offset = take_hours_and_minutes(reader);
    return offset && west ? std::optional(-*offset) : offset;
}

DueValue read_rfc3339(std::string_view text) noexcept {
    Reader reader(text);
    const std::optional<std::chrono::sys_days> date = take_date(reader);
    if (!date || !reader.take('T', 't')) {
        return Unreadable{};
    }
    const std::optional<Milliseconds> time = take_time_of_day(reader);
    if (!time) {
        return Unreadable{};
    }
    const std::optional<std::chrono::minutes> offset = take_offset(reader);
    if (!offset || !reader.at_end()) {
        return Unreadable{};
    }
    const WallTime due = WallTime{*date} + *time - *offset;
    if (due > WallTime{Milliseconds{static_cast<std::int64_t>(k_calendar_end_ms)}}) {
        return TooFar{};
    }
    return due;
}

// --- delay
// --------------------------------------------------------------------------------------------------------

struct Unit {
    std::string_view name;
    std::uint64_t milliseconds;
};

// PnDTnHnMnS: at least one part, each once and in this order. Only the seconds may have a fraction (what
// Java's Duration writes), with a point or a comma.
DueValue read_iso_duration(Reader reader) noexcept {
    constexpr std::array<Unit, 4> k_units{{{"D", k_day}, {"H", k_hour}, {"M", k_minute}, {"S", k_second}}};
    std::uint64_t sum = 0;
    bool in_time = false;
    bool complete = false;  // a part stands behind the `P`, and one behind the `T`
    for (std::size_t next = 0; !reader.at_end();) {
        if (!in_time && reader.take('T')) {
            in_time = true;
            complete = false;
            next = std::max<std::size_t>(next, 1);
            continue;
        }
        const std::optional<std::uint64_t> number = reader.take_number();
        if (!number) {
            return Unreadable{};
        }
        const bool has_fraction = reader.take('.', ',');
        const std::optional<std::uint64_t> fraction = has_fraction ? reader.take_fraction() : 0;
        const std::size_t end = in_time ? k_units.size() : 1;
        while (next < end && !reader.take(k_units[next].name)) {
            ++next;
        }
        if (next == end || !fraction || (has_fraction && k_units[next].milliseconds != k_second)) {
            return Unreadable{};
        }
        sum += scaled(*number, k_units[next].milliseconds) + *fraction;
        ++next;
        complete = true;
    }
    return complete ? duration(sum) : Unreadable{};
}

// As in the routing table, 1h30m or 250ms: whole numbers with units, each unit once, the larger one first.
DueValue read_short_duration(Reader reader) noexcept {
    constexpr std::array<Unit, 5> k_units{
        {{"d", k_day}, {"h", k_hour}, {"m", k_minute}, {"s", k_second}, {"ms", 1}}};
    std::uint64_t sum = 0;
    std::size_t next = 0;
    do {
        const std::optional<std::uint64_t> number = reader.take_number();
        if (!number) {
            return Unreadable{};
        }
        const bool milliseconds = reader.take("ms");
        while (!milliseconds && next < 4 && !reader.take(k_units[next].name)) {
            ++next;
        }
        if (milliseconds) {
            next = 4;
        } else if (next == 4) {
            return Unreadable{};
        }
        sum += scaled(*number, k_units[next].milliseconds);
        ++next;
    } while (!reader.at_end() && next < k_units.size());
    return reader.at_end() ? duration(sum) : Unreadable{};
}

DueValue read_duration(std::string_view text) noexcept {
    Reader reader(text);
    return reader.take('P') ? read_iso_duration(reader) : read_short_duration(reader);
}

}  // namespace

DueValue parse_due(DueFormat format, std::string_view value) noexcept {
    const bool big_endian = format == DueFormat::be_s || format == DueFormat::be_ms;
    switch (format) {
        case DueFormat::rfc3339:
            return read_rfc3339(value);
        case DueFormat::delay:
            return read_duration(value);
        case DueFormat::unix_s:
        case DueFormat::unix_ms:
        case DueFormat::delay_ms:
        case DueFormat::be_s:
        case DueFormat::be_ms:
            break;
    }
    const std::optional<std::uint64_t> number = big_endian ? read_big_endian(value) : read_decimal(value);
    if (!number) {
        return Unreadable{};
    }
    if (format == DueFormat::delay_ms) {
        return duration(*number);
    }
    const bool seconds = format == DueFormat::unix_s || format == DueFormat::be_s;
    return instant(scaled(*number, seconds ? k_second : 1));
}

}  // namespace laterd::core
