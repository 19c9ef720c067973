#include "core/commit_note.h"

#include <algorithm>
#include <charconv>

#include "core/done_map_text.h"

namespace laterd::core {

namespace {

constexpr std::string_view k_prefix = "laterd1 partitions=";
constexpr std::string_view k_done = "done=";

// The text up to the next blank, which `text` loses with the blank.
std::string_view take_word(std::string_view& text) noexcept {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

}  // namespace

std::string encode(const CommitNote& note, std::size_t room_chars) {
    std::string text = std::string(k_prefix) + std::to_string(note.partitions);
    if (note.done) {
        const std::string map = to_text(*note.done);
        if (text.size() + 1 + k_done.size() + map.size() <= room_chars) {
            text.append(" ").append(k_done).append(map);
        }
    }
    return text;
}

std::optional<CommitNote> decode_commit_note(std::string_view text) {
    if (!text.starts_with(k_prefix)) {
        return std::nullopt;
    }
    text.remove_prefix(k_prefix.size());
    const std::string_view count = take_word(text);
    CommitNote note;
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), note.partitions);
    if (error != std::errc{} || end != count.data() + count.size() || note.partitions <= 0) {
        return std::nullopt;
    }
    // What a later version may append stands after a blank, too.
    while (!text.empty() && !note.done) {
        if (const std::string_view word = take_word(text); word.starts_with(k_done)) {
            note.done = done_map_from(word.substr(k_done.size()));
        }
    }
    return note;
}

}  // namespace laterd::core
