#include "config/reader.h"

#include "config/interpolation.h"
#include "config/key.h"
#include "config/near_miss.h"
#include "config/quote.h"
#include "config/scalar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace laterd::config {

namespace {

// `*` in a row's path is filled with the names that lead to `path`: where a key would belong in this file.
std::string fill_names(std::string_view row_path, const Path& path) {
    Path filled;
    std::size_t depth = 0;
    while (!row_path.empty()) {
        const std::size_t dot = row_path.find('.');
        const std::string_view step = row_path.substr(0, dot);
        filled = filled / (step == "*" && depth < path.steps().size() ? path.steps()[depth].key : step);
        row_path = dot == std::string_view::npos ? std::string_view{} : row_path.substr(dot + 1);
        ++depth;
    }
    return filled.str();
}

std::string shape_of(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "empty";
        case Node::Kind::scalar:
            return quote(node.text) + " is text";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a map";
    }
    return "empty";
}

class ShapeCheck {
  public:
    ShapeCheck(const Environment& environment, Findings& findings)
        : environment_(environment), findings_(findings) {}

    void check_section(Node& node, std::string_view row_path, const Path& path) {
        for (Entry& entry : node.entries) {
            check_entry(entry, row_path, path);
        }
        for (const Key* key : keys_below(row_path)) {
            const bool is_there = node.find(key->name()) != nullptr ||
                                  (!key->alternative.empty() && node.find(key->alternative) != nullptr);
            if (key->required && key->is_available() && !is_there) {
                findings_.error(path / key->name(), fmt::format("missing; expected {}{}",
                                                                expectation_of(*key), alternative_of(*key)));
            }
        }
    }

  private:
    void check_entry(Entry& entry, std::string_view row_path, const Path& path) {
        const Path here = path / entry.key;
        const Key* key = find_key(row_path.empty() ? entry.key : fmt::format("{}.{}", row_path, entry.key));
        // A key of the file may look like a row's path, as "limits.memory" does.
        if (key == nullptr || entry.key.find_first_of(".*[=") != std::string::npos) {
            entry.value.broken = true;
            findings_.error_at(entry.place, here, "unknown key; " + advice_on(entry.key, row_path, path));
        } else if (!key->is_available()) {
            entry.value.broken = true;
            findings_.error_at(entry.place, here, "not available in this version; remove it");
        } else {
            check_value(entry.value, *key, here);
        }
    }

    static std::string alternative_of(const Key& key) {
        return key.alternative.empty() ? "" : fmt::format(", or a {}", key.alternative);
    }

    std::string advice_on(const std::string& unknown, std::string_view row_path, const Path& path) {
        std::vector<std::string> known;
        std::vector<std::string> available;
        for (const Key* key : keys_below(row_path)) {
            known.emplace_back(key->name());
            if (key->is_available()) {
                available.emplace_back(key->name());
            }
        }
        if (const auto near = nearest(unknown, known)) {
            return fmt::format("did you mean {}?", quote(*near));
        }
        if (const Key* elsewhere = find_elsewhere(unknown, row_path)) {
            const bool is_top = elsewhere->path.find('.') == std::string_view::npos;
            return is_top ? "expected at the top level" : "expected at " + fill_names(elsewhere->path, path);
        }
        return fmt::format("expected {}", fmt::join(available, ", "));
    }

    // The one key of that name whose place in this file is clear: in the same route or cluster, or in none.
    static const Key* find_elsewhere(std::string_view name, std::string_view row_path) {
        const std::size_t star = row_path.find('*');
        const std::string_view same =
            star == std::string_view::npos ? std::string_view{} : row_path.substr(0, star + 1);
        const Key* found = nullptr;
        for (const Key& key : keys()) {
            const bool is_clear =
                key.path.find('*') == std::string_view::npos || (!same.empty() && key.path.starts_with(same));
            if (key.name() != name || !key.is_available() || !is_clear) {
                continue;
            }
            if (found != nullptr) {
                return nullptr;
            }
            found = &key;
        }
        return found;
    }

    void check_value(Node& node, const Key& key, const Path& path) {
        if (node.broken) {
            return;
        }
        if (node.kind == Node::Kind::scalar && !replace_variables(node, path)) {
            return;
        }
        if (key.type == Type::list_or_commas && node.kind == Node::Kind::scalar) {
            split_at_commas(node);
        }
        if (node.kind == Node::Kind::map && key.takes_map()) {
            check_map(node, key, path);
        } else if (node.kind == Node::Kind::list && key.takes_list()) {
            check_list(node, key, path);
        } else if (node.kind == Node::Kind::scalar && key.takes_text()) {
            check_scalar(node, key, path);
        } else {
            refuse(node, path, fmt::format("{}; expected {}", shape_of(node), expectation_of(key)));
        }
    }

    bool replace_variables(Node& node, const Path& path) {
        const Parsed<Interpolated> result = interpolate(node.text, environment_);
        if (!result) {
            refuse(node, path, result.problem());
            return false;
        }
        node.text = (*result).text;
        node.from_environment = (*result).replaced;
        return true;
    }

    // Each item keeps the place of the whole text.
    static void split_at_commas(Node& node) {
        std::string_view rest = node.text;
        while (!rest.empty()) {
            const std::size_t comma = rest.find(',');
            std::string_view item = rest.substr(0, comma);
            item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
            item = item.substr(0, item.find_last_not_of(' ') + 1);
            node.items.push_back(
                {.kind = Node::Kind::scalar, .place = node.place, .text = std::string(item)});
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        }
        node.kind = Node::Kind::list;
    }

    void check_map(Node& node, const Key& key, const Path& path) {
        if (!key.takes_names()) {
            check_section(node, key.path, path);
            return;
        }
        if (key.type == Type::names && node.entries.empty()) {
            refuse(node, path, "empty; expected " + expectation_of(key));
        }
        const Key& below = *find_key(fmt::format("{}.*", key.path));
        for (Entry& entry : node.entries) {
            if (key.type == Type::names) {
                check_name(entry, path / entry.key);
            }
            check_value(entry.value, below, path / entry.key);
        }
    }

    void check_name(const Entry& entry, const Path& path) {
        if (!is_name(entry.key)) {
            findings_.error_at(
                entry.place, path,
                fmt::format("{} is not a name; expected 1 to 64 of a-z 0-9 . _ -, a letter or digit first",
                            quote(entry.key)));
        }
    }

    void check_list(Node& node, const Key& key, const Path& path) {
        if (node.items.empty()) {
            refuse(node, path, "empty; expected " + expectation_of(key));
        }
        const Key& below = *find_key(fmt::format("{}[]", key.path));
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            check_value(node.items[i], below, path[i]);
        }
    }

    void check_scalar(Node& node, const Key& key, const Path& path) {
        if (node.text.empty() && key.type != Type::property) {
            refuse(node, path, "empty; expected " + expectation_of(key));
            return;
        }
        if (const auto problem = problem_of(key, node.text)) {
            refuse(node, path, *problem);
        }
    }

    void refuse(Node& node, const Path& path, std::string text) {
        node.broken = true;
        findings_.error(path, std::move(text));
    }

    const Environment& environment_;
    Findings& findings_;
};

}  // namespace

void check_shape(Node& root, const Environment& environment, Findings& findings) {
    ShapeCheck(environment, findings).check_section(root, {}, {});
}

}  // namespace laterd::config
