#include "config/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <unordered_map>

namespace laterd::config {

namespace {

// The path of the key that a row stands under: of `a.b` it is `a`.
std::string_view parent_of(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

bool is_choice(std::string_view path) {
    return path.find('=') != std::string_view::npos;
}

bool is_item(std::string_view path) {
    return path.ends_with("[]");
}

std::string_view noun_of(Type type) {
    switch (type) {
        case Type::section:
        case Type::names:
        case Type::properties:
            return "a map";
        case Type::list:
        case Type::list_or_commas:
            return "a list";
        case Type::broker:
            return "host:port";
        case Type::topic:
            return "a topic";
        case Type::topic_or_regex:
            return "a topic or ^regex";
        case Type::group:
            return "a consumer group";
        case Type::cluster:
            return "the name of a cluster";
        case Type::instance:
            return "a name";
        case Type::header:
            return "the name of a header";
        case Type::integer:
            return "a whole number";
        case Type::number:
            return "a number";
        case Type::duration:
            return "a duration";
        case Type::size:
            return "a size";
        case Type::property:
            return "the property's value as text";
        case Type::secret_file:
            return "the name of a file";
        case Type::boolean:
            return "true or false";
        case Type::backoff:
            return "a duration, a list of durations or a map";
        case Type::socket:
            return "the path of a Unix socket";
        case Type::loopback_address:
            return "a loopback address";
        case Type::request_path:
            return "a path";
        case Type::listen:
            return "an address or unix:PATH";
        case Type::text:
        case Type::choice:
        case Type::choice_or_duration:
        case Type::choice_or_list:
        case Type::integer_or_off:
            return "text";
    }
    return "text";
}

std::string words_of(const Key& key) {
    std::string text;
    const std::vector<std::string> words = choices_of(key);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool is_last = i + 1 == words.size() && key.type == Type::choice;
        text += i == 0 ? "" : (is_last ? " or " : ", ");
        text += words[i];
    }
    return text;
}

}  // namespace

const Key* find_key(std::string_view path) {
    static const std::unordered_map<std::string_view, const Key*> index = [] {
        std::unordered_map<std::string_view, const Key*> made;
        for (const Key& key : keys()) {
            made.emplace(key.path, &key);
        }
        return made;
    }();
    const auto found = index.find(path);
    return found == index.end() ? nullptr : found->second;
}

std::vector<const Key*> keys_below(std::string_view path) {
    std::vector<const Key*> below;
    for (const Key& key : keys()) {
        if (!is_choice(key.path) && !is_item(key.path) && parent_of(key.path) == path) {
            below.push_back(&key);
        }
    }
    return below;
}

std::vector<std::string> choices_of(const Key& key) {
    std::vector<std::string> words;
    std::string_view rest = key.range;
    while (!rest.empty()) {
        const std::size_t end = rest.find('|');
        const std::string word(rest.substr(0, end));
        const Key* row = find_key(fmt::format("{}={}", key.path, word));
        if (row == nullptr || row->is_available()) {
            words.push_back(word);
        }
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    return words;
}

Range range_of(const Key& key) {
    const std::size_t dots = key.range.find("..");
    if (dots == std::string_view::npos) {
        return {};
    }
    return {.least = key.range.substr(0, dots), .most = key.range.substr(dots + 2)};
}

std::string expectation_of(const Key& key) {
    if (key.type == Type::choice) {
        return words_of(key);
    }
    if (key.type == Type::choice_or_duration) {
        return fmt::format("{} or a delay like {}", words_of(key), key.example);
    }
    if (key.type == Type::choice_or_list) {
        return fmt::format("{} or a list like {}", words_of(key), key.example);
    }
    if (key.type == Type::integer_or_off) {
        return fmt::format("a whole number like {}, or off", key.example);
    }
    if (key.type == Type::boolean || key.example.empty()) {
        return std::string(noun_of(key.type));
    }
    return fmt::format("{} like {}", noun_of(key.type), key.example);
}

}  // namespace laterd::config
