#include "core/commit_note.h"

#include <charconv>

namespace laterd::core {

namespace {

constexpr std::string_view k_prefix = "laterd1 partitions=";

}  // namespace

std::string encode(const CommitNote& note) {
    return std::string(k_prefix) + std::to_string(note.partitions);
}

std::optional<CommitNote> decode_commit_note(std::string_view text) noexcept {
    if (!text.starts_with(k_prefix)) {
        return std::nullopt;
    }
    text.remove_prefix(k_prefix.size());
    // What a later version of this format may append stands after a blank.
    text = text.substr(0, text.find(' '));
    CommitNote note;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), note.partitions);
    if (error != std::errc{} || end != text.data() + text.size() || note.partitions <= 0) {
        return std::nullopt;
    }
    return note;
}

}  // namespace laterd::core
