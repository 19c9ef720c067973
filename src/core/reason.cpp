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
        case Reason::target_missing:
            return "target-missing";
        case Reason::not_authorised:
            return "not-authorised";
        case Reason::unavailable:
            return "unavailable";
        case Reason::fenced:
            return "fenced";
    }
    return "none";
}

}  // namespace laterd::core
