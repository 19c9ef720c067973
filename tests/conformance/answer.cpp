#include "conformance/answer.h"

namespace laterd::conformance {

std::string ends(core::Offset low, core::Offset high) {
    return std::to_string(low) + " to " + std::to_string(high);
}

std::string ends(const model::Log& log) {
    return ends(log.low(), log.high());
}

std::string shown(const std::vector<core::Offset>& offsets, core::Offset end) {
    std::string text;
    for (const core::Offset offset : offsets) {
        text += std::to_string(offset) + ", ";
    }
    return text + "end " + std::to_string(end);
}

std::string shown(const model::Log& log, core::Offset from) {
    const model::Log::Fetched fetched = log.fetch(from, 1'000, 1 << 30);
    if (fetched.out_of_range) {
        return k_out_of_range;
    }
    std::vector<core::Offset> offsets;
    for (const model::Log::Entry& entry : fetched.entries) {
        offsets.push_back(entry.offset);
    }
    return shown(offsets, fetched.position);
}

std::string judged(model::ProduceError error) {
    switch (error) {
        case model::ProduceError::none:
            return "taken";
        case model::ProduceError::unknown_topic:
            return "target-missing";
        case model::ProduceError::not_authorised:
            return "not-authorised";
        case model::ProduceError::too_large:
            return "too-large";
        case model::ProduceError::invalid_record:
            return "refused-by-broker";
        case model::ProduceError::invalid_timestamp:
            return "bad-timestamp";
    }
    return "?";
}

std::string judged(kafka::ErrorCode error) {
    return error == 0 ? "taken" : std::string(core::to_string(kafka::classify(error).reason));
}

std::string committed(model::CommitError error) {
    switch (error) {
        case model::CommitError::none:
            return "taken";
        case model::CommitError::unknown_member:
        case model::CommitError::illegal_generation:
            return "no member";
        case model::CommitError::rebalance_in_progress:
            return "failed";
    }
    return "?";
}

std::string committed(core::CommitAnswer::Result result) {
    switch (result) {
        case core::CommitAnswer::Result::ok:
            return "taken";
        case core::CommitAnswer::Result::not_member:
            return "no member";
        case core::CommitAnswer::Result::failed:
            return "failed";
    }
    return "?";
}

std::string found(const std::optional<core::Offset>& offset, const std::string& metadata) {
    return offset ? std::to_string(*offset) + " with \"" + metadata + "\"" : "none";
}

std::string found(const std::optional<model::Committed>& committed) {
    return committed ? found(committed->offset, committed->metadata) : found(std::nullopt, "");
}

}  // namespace laterd::conformance
