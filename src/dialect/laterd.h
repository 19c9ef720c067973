// The headers that laterd writes on its copies, and what they say when the route reads them again (interface page,
// "Headers that laterd writes"). Whoever reads decides whether to believe them: only on the route's own retry and
// waiting topics.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/time.h"

namespace laterd::dialect {

inline constexpr std::size_t k_own_headers = 10;

// No count of deliveries is larger; what is written beyond counts as this much.
inline constexpr std::uint32_t k_attempts_most = 1'000'000'000;

// The end of the year 9999. Every instant up to here can be added and subtracted in 64 bits without a thought.
inline constexpr core::WallTime k_calendar_end{core::Milliseconds(253'402'300'799'999)};

// Whether laterd owns this header: it is replaced, never appended, when laterd writes a copy.
bool is_own_header(std::string_view name) noexcept;

// Where the route first read a record.
struct Origin {
    std::string_view topic;  // not owned
    std::int32_t partition = 0;
    core::Offset offset = 0;
    std::int64_t timestamp = -1;  // Unix milliseconds; -1 when it has none

    bool operator==(const Origin&) const = default;
};

// What the headers of one copy say. A view that is empty, or nullopt: there is no such header, or it cannot be read. The
// views are of the headers' own bytes, or the caller's.
struct Marks {
    std::optional<core::WallTime> due;            // not before; just above the calendar's end when beyond it
    std::optional<std::uint32_t> attempts;        // deliveries made so far
    std::optional<core::WallTime> first_attempt;  // as `due`
    std::optional<Origin> origin;                 // whole or not at all
    std::string_view route;
    std::string_view reason;
    std::string_view error;  // any bytes; written as UTF-8 of at most 1 KiB

    bool operator==(const Marks&) const = default;
};

struct Header {
    std::string_view name;  // lives for ever
    std::string value;
};

std::vector<Header> encode(const Marks& marks);

// Takes a record's headers in order; the last one of a name wins, a null one too.
class Decoder {
  public:
    void take(std::string_view name, std::optional<std::string_view> value) noexcept;

    // Numbers are decimal digits and nothing else.
    Marks marks() const noexcept;

  private:
    std::array<std::optional<std::string_view>, k_own_headers> last_;
};

// When a copy that was written at `written` is due: the epoch's start, which is at once, when it does not say so. On the
// retry topic nothing is later than the longest delay of the route's backoff.
core::WallTime due_on_retry(const Marks& marks, core::WallTime written, core::Milliseconds longest) noexcept;
core::WallTime due_on_waiting(const Marks& marks) noexcept;

// Of a record that was delivered before. Never after its copy was written, and that instant when it cannot be read, for
// `max_age` has to count from somewhere; the epoch's start when there was no delivery.
core::WallTime first_attempt_of(const Marks& marks, core::WallTime written) noexcept;

}  // namespace laterd::dialect
