// A checked map of the document, read by key: a value, else the table's default, else nothing.
#pragma once

#include "config/node.h"
#include "config/path.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

class Section {
  public:
    // The top level of a document that `check_shape` has seen.
    explicit Section(const Node& root) : node_(&root) {}

    // A section below; one that is not in the file has the defaults of its keys.
    Section operator/(std::string_view key) const;

    // The entries below a map of names or properties, in the order of the file.
    std::vector<std::string> names() const;

    // Whether the key is in the file, right or wrong.
    bool has(std::string_view key) const;
    // Whether it is there and a problem was reported: whatever depends on it is better left alone.
    bool is_broken(std::string_view key) const;
    // Whether its value came from the environment.
    bool is_from_environment(std::string_view key) const;
    bool is_usable() const { return node_ != nullptr && !node_->broken && node_->kind == Node::Kind::map; }

    // Of a missing or broken key: nothing, or the default.
    std::optional<std::string> text(std::string_view key) const;
    std::optional<std::chrono::milliseconds> duration(std::string_view key) const;
    std::optional<std::uint64_t> size(std::string_view key) const;
    std::optional<std::int64_t> integer(std::string_view key) const;
    std::optional<double> number(std::string_view key) const;
    std::optional<bool> boolean(std::string_view key) const;

    // Items that are right, with their number in the file.
    struct Item {
        std::size_t index;
        std::string text;
    };
    std::vector<Item> items(std::string_view key) const;

    const Path& path() const noexcept { return path_; }

  private:
    Section(const Node* node, Path path, std::string row_path)
        : node_(node), path_(std::move(path)), row_path_(std::move(row_path)) {}

    const Node* find(std::string_view key) const;

    const Node* node_;  // nullptr: not in the file
    Path path_;
    std::string row_path_;
};

}  // namespace laterd::config
