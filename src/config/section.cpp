#include "config/section.h"

#include "config/key.h"
#include "config/quantity.h"
#include "config/scalar.h"

#include <fmt/format.h>

#include <utility>

namespace laterd::config {

namespace {

template <typename T>
std::optional<T> value_of(const std::optional<std::string>& text, Parsed<T> (*parse)(std::string_view)) {
    if (!text) {
        return std::nullopt;
    }
    const Parsed<T> parsed = parse(*text);
    return parsed ? std::optional<T>(*parsed) : std::nullopt;
}

}  // namespace

Section Section::operator/(std::string_view key) const {
    std::string row_path = row_path_.empty() ? std::string(key) : fmt::format("{}.{}", row_path_, key);
    if (find_key(row_path) == nullptr) {
        row_path = row_path_ + ".*";
    }
    return {find(key), path_ / key, std::move(row_path)};
}

std::vector<std::string> Section::names() const {
    std::vector<std::string> names;
    if (is_usable()) {
        for (const Entry& entry : node_->entries) {
            names.push_back(entry.key);
        }
    }
    return names;
}

bool Section::has(std::string_view key) const {
    return find(key) != nullptr;
}

bool Section::is_broken(std::string_view key) const {
    const Node* node = find(key);
    return node != nullptr && node->broken;
}

bool Section::is_from_environment(std::string_view key) const {
    const Node* node = find(key);
    return node != nullptr && node->from_environment;
}

std::optional<std::string> Section::text(std::string_view key) const {
    if (const Node* node = find(key)) {
        const bool is_right = !node->broken && node->kind == Node::Kind::scalar;
        return is_right ? std::optional<std::string>(node->text) : std::nullopt;
    }
    const Key* row = find_key(row_path_.empty() ? std::string(key) : fmt::format("{}.{}", row_path_, key));
    return row == nullptr || row->standard.empty() ? std::nullopt : std::optional<std::string>(row->standard);
}

std::optional<std::chrono::milliseconds> Section::duration(std::string_view key) const {
    return value_of(text(key), parse_duration);
}

std::optional<std::uint64_t> Section::size(std::string_view key) const {
    return value_of(text(key), parse_size);
}

std::optional<std::int64_t> Section::integer(std::string_view key) const {
    return value_of(text(key), parse_integer);
}

std::optional<double> Section::number(std::string_view key) const {
    return value_of(text(key), parse_number);
}

std::optional<bool> Section::boolean(std::string_view key) const {
    const std::optional<std::string> word = text(key);
    return word ? std::optional<bool>(*word == "true") : std::nullopt;
}

std::vector<Section::Item> Section::items(std::string_view key) const {
    std::vector<Item> items;
    const Node* node = find(key);
    if (node == nullptr || node->broken) {
        return items;
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        if (!node->items[i].broken) {
            items.push_back({.index = i, .text = node->items[i].text});
        }
    }
    return items;
}

const Node* Section::find(std::string_view key) const {
    return node_ == nullptr ? nullptr : node_->find(key);
}

}  // namespace laterd::config
