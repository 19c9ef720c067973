#include "core/reason.h"

namespace laterd::core {

std::string_view to_string(Reason reason) noexcept {
    switch (reason) {
        case Reason::none:
            return "none";
        case Reason::due_missing:
            return "due-missing";
        case Reason::due_invalid:
            return "due-invalid";
        case Reason::due_too_far:
            return "due-too-far";
        case Reason::too_large:
            return "too-large";
        case Reason::refused_by_broker:
            return "refused-by-broker";
        case Reason::bad_timestamp:
            return "bad-timestamp";
        case Reason::clock_differs:
            return "clock-differs";
        case Reason::target_missing:
            return "target-missing";
        case Reason::not_authorised:
            return "not-authorised";
        case Reason::unavailable:
            return "unavailable";
        case Reason::fenced:
            return "fenced";
        case Reason::http:
            return "http";
        case Reason::timeout:
            return "timeout";
        case Reason::closed:
            return "closed";
        case Reason::garbage:
            return "garbage";
        case Reason::attempts_exhausted:
            return "attempts-exhausted";
        case Reason::too_old:
            return "too-old";
        case Reason::handler_down:
            return "handler-down";
        case Reason::handler_busy:
            return "handler-busy";
        case Reason::handler_gone:
            return "handler-gone";
        case Reason::guard:
            return "too-many-dead-letters";
        case Reason::compacted:
            return "topic-compacted";
    }
    return "none";
}

std::string to_string(Reason reason, std::uint16_t code) {
    return reason == Reason::http && code != 0 ? "http-" + std::to_string(code)
                                               : std::string(to_string(reason));
}

}  // namespace laterd::core
