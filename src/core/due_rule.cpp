#include "core/due_rule.h"

#include <algorithm>

#include "core/lap.h"

namespace laterd::core {

namespace {

// Timestamps and limits come from outside and may be anything: the sum stops at the type's ends.
constexpr Milliseconds add(Milliseconds a, Milliseconds b) noexcept {
    if (b > Milliseconds{0} && a > Milliseconds::max() - b) {
        return Milliseconds::max();
    }
    if (b < Milliseconds{0} && a < Milliseconds::min() - b) {
        return Milliseconds::min();
    }
    return a + b;
}

constexpr WallTime add(WallTime at, Milliseconds delay) noexcept {
    return WallTime{add(at.time_since_epoch(), delay)};
}

constexpr bool is_usable(const std::optional<WallTime>& timestamp) noexcept {
    return timestamp && *timestamp >= WallTime{};
}

Verdict invalid(const DueRule& rule, Reason reason) noexcept {
    switch (rule.invalid.kind) {
        case DueFallback::Kind::now:
            return {.fate = Fate::deliver, .reason = reason};
        case DueFallback::Kind::stop:
            return {.fate = Fate::stop, .reason = reason};
        case DueFallback::Kind::dead_letter:
        case DueFallback::Kind::delay:  // only `missing` can have one
            break;
    }
    return {.fate = Fate::dead_letter, .reason = reason};
}

// From where on a due time is too far.
struct Horizon {
    WallTime now;
    WallTime kept_until;

    bool is_beyond(const DueRule& rule, WallTime due) const noexcept {
        return due > add(now, rule.max) || (due > kept_until && due > add(now, k_far_away));
    }
};

// Every way to a due time ends here.
Verdict at(const DueRule& rule, WallTime due, const Horizon& horizon, Reason reason) noexcept {
    if (horizon.is_beyond(rule, due)) {
        return invalid(rule, Reason::due_too_far);
    }
    return {.due = std::max(due, WallTime{}), .fate = Fate::deliver, .reason = reason};
}

Verdict missing(const DueRule& rule, const std::optional<WallTime>& timestamp,
                const Horizon& horizon) noexcept {
    switch (rule.missing.kind) {
        case DueFallback::Kind::now:
            return {.fate = Fate::deliver, .reason = Reason::due_missing};
        case DueFallback::Kind::stop:
            return {.fate = Fate::stop, .reason = Reason::due_missing};
        case DueFallback::Kind::delay:
            if (!is_usable(timestamp)) {
                return invalid(rule, Reason::due_invalid);
            }
            return at(rule, add(*timestamp, rule.missing.delay), horizon, Reason::due_missing);
        case DueFallback::Kind::dead_letter:
            break;
    }
    return {.fate = Fate::dead_letter, .reason = Reason::due_missing};
}

Verdict after(const DueRule& rule, Milliseconds delay, const std::optional<WallTime>& timestamp,
              const Horizon& horizon) noexcept {
    if (!is_usable(timestamp)) {
        return missing(rule, timestamp, horizon);
    }
    return at(rule, add(*timestamp, delay), horizon, Reason::none);
}

}  // namespace

Verdict judge(const DueRule& rule, const DueHeader& header, std::optional<WallTime> timestamp, WallTime now,
              WallTime kept_until) noexcept {
    const Horizon horizon{.now = now, .kept_until = kept_until};
    if (!rule.uses_header()) {
        return after(rule, rule.delay, timestamp, horizon);
    }
    if (!header.present) {
        return missing(rule, timestamp, horizon);
    }
    const DueValue value = header.null ? DueValue{Unreadable{}} : parse_due(rule.format, header.value);
    if (const auto* due = std::get_if<WallTime>(&value)) {
        return at(rule, *due, horizon, Reason::none);
    }
    if (const auto* delay = std::get_if<Milliseconds>(&value)) {
        return after(rule, *delay, timestamp, horizon);
    }
    return invalid(rule, std::holds_alternative<TooFar>(value) ? Reason::due_too_far : Reason::due_invalid);
}

// FNV-1a over what is written of the rule. What is too far depends on the day and is never asked about.
std::uint64_t fingerprint(const DueRule& rule) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325U;
    const auto add = [&hash](std::uint64_t value) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            hash = (hash ^ ((value >> shift) & 0xffU)) * 0x100000001b3U;
        }
    };
    for (const char c : rule.header) {
        add(static_cast<unsigned char>(c));
    }
    add(rule.uses_header() ? static_cast<std::uint64_t>(rule.format) : 0);
    add(static_cast<std::uint64_t>(rule.delay.count()));
    add(static_cast<std::uint64_t>(rule.missing.kind));
    add(static_cast<std::uint64_t>(rule.missing.delay.count()));
    add(static_cast<std::uint64_t>(rule.invalid.kind));
    return hash;
}

}  // namespace laterd::core
