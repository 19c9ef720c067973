// When a record is due, and what becomes of one whose due time is missing, invalid or too far away.
#include "core/due_rule.h"

#include "support/catch.hpp"

#include <limits>
#include <string>
#include <vector>

using namespace laterd::core;
using namespace std::chrono_literals;

namespace {

using Kind = DueFallback::Kind;

constexpr WallTime at(std::int64_t ms) {
    return WallTime{Milliseconds{ms}};
}

constexpr std::int64_t k_now_ms = 1'700'000'000'000;
constexpr WallTime k_now = at(k_now_ms);

const DueHeader k_absent{};
const DueHeader k_null{.present = true, .null = true, .value = {}};

DueHeader header(std::string_view value) {
    return {.present = true, .null = false, .value = value};
}

DueRule fixed(Milliseconds delay) {
    return {.delay = delay, .missing = {}, .invalid = {}, .max = delay + 1h};
}

DueRule by_header(DueFormat format, DueFallback missing = {}, DueFallback invalid = {}) {
    return {.header = "deliver-at", .format = format, .missing = missing, .invalid = invalid, .max = 720h};
}

std::string describe(const Verdict& verdict) {
    std::string text = verdict.fate == Fate::deliver ? "deliver"
                       : verdict.fate == Fate::stop  ? "stop"
                                                     : "dead letter";
    if (verdict.fate == Fate::deliver) {
        text += " at " + std::to_string(verdict.due.time_since_epoch().count());
    } else {
        // It must not wait behind its own due time.
        CHECK(verdict.due == WallTime{});
    }
    if (verdict.reason != Reason::none) {
        text += " (" + std::string(to_string(verdict.reason)) + ")";
    }
    return text;
}

}  // namespace

TEST_CASE("a fixed delay counts from the record's timestamp", "[due]") {
    const DueRule rule = fixed(15min);
    CHECK(describe(judge(rule, k_absent, k_now, k_now)) == "deliver at 1700000900000");
    CHECK(describe(judge(rule, k_absent, at(0), k_now)) == "deliver at 900000");
    CHECK(describe(judge(fixed(0ms), k_absent, k_now, k_now)) == "deliver at 1700000000000");
    // Headers mean nothing to it.
    CHECK(describe(judge(rule, header("garbage"), k_now, k_now)) == "deliver at 1700000900000");
}

TEST_CASE("a fixed delay without a usable timestamp is missing", "[due]") {
    DueRule rule = fixed(15min);
    const std::optional<WallTime> unusable =
        GENERATE(std::optional<WallTime>{}, std::optional(at(-1)), std::optional(at(-7)));
    CHECK(describe(judge(rule, k_absent, unusable, k_now)) == "dead letter (due-missing)");
    rule.missing = {.kind = Kind::stop};
    CHECK(describe(judge(rule, k_absent, unusable, k_now)) == "stop (due-missing)");
    rule.missing = {.kind = Kind::now};
    CHECK(describe(judge(rule, k_absent, unusable, k_now)) == "deliver at 0 (due-missing)");
}

TEST_CASE("further from now than max is too far, to the millisecond", "[due]") {
    SECTION("by a fixed delay on a timestamp in the future") {
        const DueRule rule = fixed(15min);
        CHECK(describe(judge(rule, k_absent, k_now + 1h, k_now)) == "deliver at 1700004500000");
        CHECK(describe(judge(rule, k_absent, k_now + 1h + 1ms, k_now)) == "dead letter (due-too-far)");
    }
    SECTION("by a header") {
        const DueRule rule = by_header(DueFormat::unix_ms);
        CHECK(describe(judge(rule, header("1702592000000"), {}, k_now)) == "deliver at 1702592000000");
        CHECK(describe(judge(rule, header("1702592000001"), {}, k_now)) == "dead letter (due-too-far)");
        CHECK(describe(judge(rule, header("99999999999999999999"), {}, k_now)) ==
              "dead letter (due-too-far)");
    }
    SECTION("what `invalid` says is done with it") {
        CHECK(describe(judge(by_header(DueFormat::unix_ms, {}, {.kind = Kind::now}), header("1702592000001"),
                             {}, k_now)) == "deliver at 0 (due-too-far)");
        CHECK(describe(judge(by_header(DueFormat::unix_ms, {}, {.kind = Kind::stop}), header("1702592000001"),
                             {}, k_now)) == "stop (due-too-far)");
    }
}

TEST_CASE("a header says when, whatever the record's timestamp is", "[due]") {
    const DueRule rule = by_header(DueFormat::unix_ms);
    CHECK(describe(judge(rule, header("1700000000001"), {}, k_now)) == "deliver at 1700000000001");
    CHECK(describe(judge(rule, header("1700000000001"), at(5), k_now)) == "deliver at 1700000000001");
    // In the past: due at once, and as late as it is.
    CHECK(describe(judge(rule, header("1"), {}, k_now)) == "deliver at 1");
    CHECK(describe(judge(by_header(DueFormat::rfc3339), header("1900-01-01T00:00:00Z"), {}, k_now)) ==
          "deliver at 0");
}

TEST_CASE("a header with a duration counts from the record's timestamp", "[due]") {
    const DueFormat format = GENERATE(DueFormat::delay_ms, DueFormat::delay);
    const DueHeader value = header(format == DueFormat::delay ? "1m" : "60000");
    const DueRule rule = by_header(format);
    CHECK(describe(judge(rule, value, k_now, k_now)) == "deliver at 1700000060000");
    CHECK(describe(judge(rule, value, at(0), k_now)) == "deliver at 60000");
    // Without a timestamp there is no due time.
    CHECK(describe(judge(rule, value, {}, k_now)) == "dead letter (due-missing)");
}

TEST_CASE("an absent header is missing; a null or unreadable one is invalid", "[due]") {
    const DueRule rule = by_header(DueFormat::unix_ms, {.kind = Kind::now}, {.kind = Kind::stop});
    CHECK(describe(judge(rule, k_absent, k_now, k_now)) == "deliver at 0 (due-missing)");
    CHECK(describe(judge(rule, k_null, k_now, k_now)) == "stop (due-invalid)");
    CHECK(describe(judge(rule, header(""), k_now, k_now)) == "stop (due-invalid)");
    CHECK(describe(judge(rule, header("soon"), k_now, k_now)) == "stop (due-invalid)");
}

TEST_CASE("a missing header can mean a delay from the record's timestamp", "[due]") {
    const DueRule rule =
        by_header(DueFormat::unix_ms, {.kind = Kind::delay, .delay = 15min}, {.kind = Kind::stop});
    CHECK(describe(judge(rule, k_absent, k_now, k_now)) == "deliver at 1700000900000 (due-missing)");
    CHECK(describe(judge(rule, k_absent, at(0), k_now)) == "deliver at 900000 (due-missing)");
    SECTION("on a record without a timestamp it is invalid") {
        CHECK(describe(judge(rule, k_absent, {}, k_now)) == "stop (due-invalid)");
    }
    SECTION("max holds for it too") {
        CHECK(describe(judge(rule, k_absent, k_now + 720h, k_now)) == "stop (due-too-far)");
    }
}

TEST_CASE("numbers at the ends of their types are judged without overflow", "[due]") {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    DueRule rule = fixed(15min);
    CHECK(describe(judge(rule, k_absent, at(most), k_now)) == "dead letter (due-too-far)");
    rule.delay = Milliseconds{most};
    CHECK(describe(judge(rule, k_absent, at(most), k_now)) == "dead letter (due-too-far)");
    rule.max = Milliseconds{most};
    CHECK(describe(judge(rule, k_absent, at(most), k_now)) == "deliver at 9223372036854775807");
    CHECK(describe(judge(rule, k_absent, at(0), at(most))) == "deliver at 9223372036854775807");
    CHECK(describe(judge(rule, k_absent, at(std::numeric_limits<std::int64_t>::min()), k_now)) ==
          "dead letter (due-missing)");
}

TEST_CASE("due rules compare by value", "[due]") {
    CHECK(fixed(15min) == fixed(15min));
    CHECK_FALSE(fixed(15min) == fixed(16min));
    CHECK_FALSE(by_header(DueFormat::delay, {.kind = Kind::delay, .delay = 1s}) ==
                by_header(DueFormat::delay, {.kind = Kind::delay, .delay = 2s}));
}

TEST_CASE("what would wait longer than its topic keeps it is too far, unless it is near", "[due]") {
    const DueRule delay = fixed(15min);
    CHECK(describe(judge(delay, k_absent, k_now, k_now, k_now + 15min)) == "deliver at 1700000900000");
    CHECK(describe(judge(delay, k_absent, k_now, k_now, k_now + 15min - 1ms)) == "dead letter (due-too-far)");
    // It is kept longer than it was meant to be, and due by now.
    CHECK(describe(judge(delay, k_absent, k_now - 1h, k_now, k_now - 1h)) == "deliver at 1699997300000");
    // What is not far away is held in memory.
    CHECK(describe(judge(fixed(2min), k_absent, k_now, k_now, k_now)) == "deliver at 1700000120000");
    CHECK(describe(judge(fixed(2min + 1ms), k_absent, k_now, k_now, k_now)) == "dead letter (due-too-far)");

    const DueRule instant = by_header(DueFormat::unix_ms, {}, {.kind = Kind::now});
    const std::string far = std::to_string(k_now_ms + 3'600'000);
    CHECK(describe(judge(instant, header(far), k_now, k_now, k_now + 1h)) == "deliver at 1700003600000");
    CHECK(describe(judge(instant, header(far), k_now, k_now, k_now + 59min)) == "deliver at 0 (due-too-far)");
    const DueRule missing =
        by_header(DueFormat::unix_ms, {.kind = Kind::delay, .delay = 1h}, {.kind = Kind::stop});
    CHECK(describe(judge(missing, k_absent, k_now, k_now, k_now + 59min)) == "stop (due-too-far)");
}
