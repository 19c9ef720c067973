#include "config/retry_reader.h"

#include "config/quantity.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace laterd::config {

namespace {

void read_growing(const Section& section, core::Backoff& backoff, Findings& findings) {
    backoff.initial = section.duration("initial").value_or(backoff.initial);
    backoff.factor = section.number("factor").value_or(backoff.factor);
    backoff.max = section.duration("max").value_or(backoff.max);
    backoff.jitter = section.number("jitter").value_or(backoff.jitter);
    if (backoff.initial <= backoff.max || section.is_broken("initial") || section.is_broken("max")) {
        return;
    }
    const bool has_max = section.has("max");
    findings.error(section.path() / (has_max ? "max" : "initial"),
                   has_max
                       ? fmt::format("{} is less than initial; expected at least {}",
                                     format_duration(backoff.max), format_duration(backoff.initial))
                       : fmt::format("{} is more than max, which is {} by default; expected less, or a max",
                                     format_duration(backoff.initial), format_duration(backoff.max)));
}

// A fixed delay is a list of one.
void read_backoff(const Section& retry, core::Backoff& backoff, Findings& findings) {
    if (const auto fixed = retry.duration("backoff")) {
        backoff.steps = {*fixed};
        return;
    }
    for (const Section::Item& item : retry.items("backoff")) {
        backoff.steps.push_back(*parse_duration(item.text));
    }
    if (const Section growing = retry / "backoff"; growing.is_usable()) {
        read_growing(growing, backoff, findings);
    }
}

}  // namespace

Retry read_retry(const Section& route, Findings& findings) {
    Retry retry;
    const Section section = route / "retry";
    core::RetryPolicy& policy = retry.policy;
    policy.has_topic = section.has("topic");
    if (policy.has_topic) {
        retry.topic = section.text("topic").value_or("");
        policy.backoff = core::Backoff{};
        policy.attempts = static_cast<std::uint32_t>(section.integer("attempts").value_or(policy.attempts));
    } else if (section.has("attempts")) {
        findings.error(
            section.path() / "attempts",
            "counts deliveries over a retry topic, and there is none: in place a record is tried until "
            "max_age; expected topic beside it, or no attempts");
    }
    read_backoff(section, policy.backoff, findings);
    policy.max_age = section.duration("max_age");
    return retry;
}

}  // namespace laterd::config
