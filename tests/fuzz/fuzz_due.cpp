// Any bytes as a due header: no format crashes on them, and what is read is within the calendar.
#include "core/due_rule.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace laterd::core;

namespace {

constexpr Milliseconds k_calendar_end{253'402'300'799'999};

bool is_sane(const DueValue& value) {
    if (const auto* at = std::get_if<WallTime>(&value)) {
        return *at <= WallTime{k_calendar_end};
    }
    if (const auto* after = std::get_if<Milliseconds>(&value)) {
        return *after >= Milliseconds{0} && *after <= k_calendar_end;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 17) {
        return 0;
    }
    const auto format = static_cast<DueFormat>(bytes[0] % 7);
    const auto number = [&](std::size_t from) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            bits = bits << 8 | bytes[from + i];
        }
        return Milliseconds{static_cast<std::int64_t>(bits)};
    };
    const WallTime timestamp{number(1)};
    const WallTime now{number(9)};
    const std::string_view value(reinterpret_cast<const char*>(bytes) + 17, size - 17);
    if (!is_sane(parse_due(format, value))) {
        std::abort();
    }
    const DueRule rule{.header = "deliver-at",
                       .format = format,
                       .missing = {.kind = DueFallback::Kind::delay, .delay = std::chrono::minutes{15}},
                       .invalid = {.kind = DueFallback::Kind::stop},
                       .max = std::chrono::days{30}};
    const Verdict verdict = judge(rule, {.present = true, .null = false, .value = value}, timestamp, now);
    if (verdict.due < WallTime{} || (verdict.fate == Fate::stop && verdict.due != WallTime{})) {
        std::abort();
    }
    return 0;
}
