#include "config/due_reader.h"

#include "config/quantity.h"
#include "config/words.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace laterd::config {

namespace {

using core::DueFallback;
using core::DueRule;
using std::chrono::milliseconds;

constexpr milliseconds k_max_after_delay = std::chrono::hours(1);
constexpr milliseconds k_max_of_header = std::chrono::days(30);

class DueReader {
  public:
    DueReader(const Section& route, Findings& findings)
        : route_(route),
          due_(route / "due"),
          findings_(findings),
          has_dead_letter_(route.has("dead_letter")) {}

    DueRule read() {
        if (route_.has("delay") && route_.has("due")) {
            findings_.error(due_.path(), "given together with delay; expected one of the two");
            return {};
        }
        if (route_.has("delay")) {
            return read_delay(route_);
        }
        if (due_.has("delay") && due_.has("header")) {
            findings_.error(due_.path() / "header", "given together with delay; expected one of the two");
            return {};
        }
        if (due_.has("delay")) {
            refuse_format();
            return read_delay(due_);
        }
        if (due_.has("header")) {
            return read_header();
        }
        if (!route_.is_broken("due")) {
            report_nothing();
        }
        return {};
    }

  private:
    DueRule read_delay(const Section& section) {
        DueRule rule;
        const std::optional<milliseconds> delay = section.duration("delay");
        const DueFallback standard{.kind = has_dead_letter_ ? DueFallback::Kind::dead_letter
                                                            : DueFallback::Kind::stop};
        rule.delay = delay.value_or(milliseconds(0));
        rule.missing = fallback("missing").value_or(standard);
        rule.invalid = fallback("invalid").value_or(standard);
        rule.max = due_.duration("max").value_or(rule.delay + k_max_after_delay);
        if (rule.missing.kind == DueFallback::Kind::delay) {
            findings_.error(
                due_.path() / "missing",
                "a delay counts from the record's timestamp, which is what is missing here; expected "
                "dead_letter, now or stop");
        }
        if (delay && rule.max < *delay) {
            findings_.error(
                due_.path() / "max",
                fmt::format("{} is less than the delay, so that every record would be too far; expected "
                            "at least {}",
                            format_duration(rule.max), format_duration(*delay)));
        }
        check_dead_letter();
        return rule;
    }

    DueRule read_header() {
        DueRule rule;
        rule.header = due_.text("header").value_or("");
        if (!due_.has("format")) {
            findings_.error(due_.path() / "format",
                            "missing; expected unix_s, unix_ms, rfc3339, delay_ms, delay, be_s or be_ms");
        }
        rule.format = from_word(k_format_words, due_.text("format").value_or("unix_ms"));
        rule.missing = fallback("missing").value_or(DueFallback{});
        rule.invalid = fallback("invalid").value_or(DueFallback{});
        rule.max = due_.duration("max").value_or(k_max_of_header);
        demand_choice("missing", "now, stop or a delay like 15m");
        demand_choice("invalid", "now or stop");
        if (rule.missing.kind == DueFallback::Kind::delay && rule.missing.delay > rule.max) {
            findings_.error(
                due_.path() / "missing",
                fmt::format("{} is more than max, so that the record would be too far; expected at most {}",
                            format_duration(rule.missing.delay), format_duration(rule.max)));
        }
        check_dead_letter();
        return rule;
    }

    std::optional<DueFallback> fallback(std::string_view key) const {
        const std::optional<std::string> word = due_.text(key);
        if (!word) {
            return std::nullopt;
        }
        if (const Parsed<milliseconds> delay = parse_duration(*word)) {
            return DueFallback{.kind = DueFallback::Kind::delay, .delay = *delay};
        }
        return DueFallback{.kind = from_word(k_fallback_words, *word)};
    }

    // Nobody should learn from a stopped partition what happens to such a record.
    void demand_choice(std::string_view key, std::string_view words) {
        if (!has_dead_letter_ && !due_.has(key)) {
            findings_.error(
                due_.path() / key,
                fmt::format("missing; a header route without dead_letter has to choose: {}", words));
        }
    }

    void check_dead_letter() {
        for (const std::string_view key : {"missing", "invalid"}) {
            if (!has_dead_letter_ && due_.text(key) == "dead_letter") {
                findings_.error(due_.path() / key,
                                "the route has no dead_letter; expected one, or now or stop here");
            }
        }
    }

    void refuse_format() {
        if (due_.has("format")) {
            findings_.error(due_.path() / "format", "belongs to a header, and this is a delay; remove it");
        }
    }

    void report_nothing() {
        if (route_.has("due")) {
            findings_.error(due_.path(), "names neither a delay nor a header; expected one of the two");
        } else {
            findings_.error(route_.path() / "delay",
                            "missing; expected a duration like 15m, or due with a header and its format");
        }
    }

    const Section& route_;
    Section due_;
    Findings& findings_;
    bool has_dead_letter_;
};

}  // namespace

core::DueRule read_due_rule(const Section& route, Findings& findings) {
    return DueReader(route, findings).read();
}

}  // namespace laterd::config
