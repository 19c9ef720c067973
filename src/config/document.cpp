#include "config/document.h"

#include "config/quote.h"
#include "config/utf8.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace laterd::config {

namespace {

constexpr std::size_t k_largest = std::size_t{1} << 20;

Place place_of(const YAML::Mark& mark) {
    return mark.is_null() ? Place{1, 1} : Place{mark.line + 1, mark.column + 1};
}

// Whether a text begins with a quote that nothing ends.
bool is_open_quote(std::string_view text) {
    if (text.empty() || (text[0] != '\'' && text[0] != '"')) {
        return false;
    }
    const bool is_double = text[0] == '"';
    for (std::size_t i = 1; i < text.size(); ++i) {
        const bool is_escaped = is_double ? text[i] == '\\' : text.substr(i, 2) == "''";
        if (is_escaped) {
            ++i;
        } else if (text[i] == text[0]) {
            return false;
        }
    }
    return true;
}

// yaml-cpp's own tree keeps the first of two equal keys, forgets where null stands and follows aliases; so
// the tree is made from its events.
class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(std::string_view text, Findings& findings) : text_(text), findings_(findings) {}

    std::optional<Node> take_root() { return std::move(root_); }
    Place start() const { return start_; }

    void OnDocumentStart(const YAML::Mark& mark) override { start_ = place_of(mark); }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        complete({.kind = Node::Kind::null, .place = place_of(mark)});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        findings_.error_at(place_of(mark), path(), "aliases (*name) are not supported; write the value out");
        complete({.kind = Node::Kind::null, .place = place_of(mark), .broken = true});
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        refuse_anchor(mark, anchor);
        const bool is_open = refuse_open_quote(mark);
        complete({.kind = Node::Kind::scalar, .place = place_of(mark), .text = value, .broken = is_open});
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(Node::Kind::list, mark, tag, anchor);
    }
    void OnSequenceEnd() override { end(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(Node::Kind::map, mark, tag, anchor);
    }
    void OnMapEnd() override { end(); }

  private:
    // A list or map that is being read; `key` is what the next value of a map belongs to.
    struct Level {
        Node node;
        std::optional<Entry> key;
    };

    void begin(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        refuse_tag(mark, tag);
        refuse_anchor(mark, anchor);
        levels_.push_back({.node = {.kind = kind, .place = place_of(mark)}, .key = {}});
    }

    void end() {
        Node node = std::move(levels_.back().node);
        levels_.pop_back();
        complete(std::move(node));
    }

    void complete(Node node) {
        if (levels_.empty()) {
            root_ = std::move(node);
            return;
        }
        Level& level = levels_.back();
        if (level.node.kind == Node::Kind::list) {
            level.node.items.push_back(std::move(node));
        } else if (!level.key) {
            level.key = read_key(std::move(node));
        } else {
            add_entry(level, std::move(node));
        }
    }

    // A key that is no text is reported and gets the name "", whose entry is dropped.
    Entry read_key(Node node) {
        if (node.kind != Node::Kind::scalar || node.text.empty()) {
            findings_.error_at(node.place, path(), "a key is empty or no text; expected a name");
            return {.key = {}, .place = node.place, .value = {}};
        }
        return {.key = std::move(node.text), .place = node.place, .value = {}};
    }

    void add_entry(Level& level, Node node) {
        Entry entry = *std::exchange(level.key, std::nullopt);
        if (entry.key.empty()) {
            return;
        }
        for (const Entry& before : level.node.entries) {
            if (before.key == entry.key) {
                findings_.error_at(
                    entry.place, path() / entry.key,
                    fmt::format("given twice, first in line {}; expected once", before.place.line));
                return;
            }
        }
        entry.value = std::move(node);
        level.node.entries.push_back(std::move(entry));
    }

    Path path() const {
        Path path;
        for (const Level& level : levels_) {
            if (level.node.kind == Node::Kind::list) {
                path = path[level.node.items.size()];
            } else if (level.key) {
                path = path / level.key->key;
            }
        }
        return path;
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            findings_.error_at(place_of(mark), path(),
                               fmt::format("tags ({}) are not supported; write the plain value", quote(tag)));
        }
    }

    void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) {
            findings_.error_at(place_of(mark), path(),
                               "anchors (&name) are not supported; write the value out where it is needed");
        }
    }

    // yaml-cpp takes a newline at the end of the file for the end of a quoted text.
    bool refuse_open_quote(const YAML::Mark& mark) {
        const std::size_t begin = std::min(static_cast<std::size_t>(mark.pos), text_.size());
        if (!is_open_quote(text_.substr(begin))) {
            return false;
        }
        findings_.error_at(place_of(mark), path(),
                           "the quote that begins here does not end; expected another");
        return true;
    }

    std::string_view text_;
    Findings& findings_;
    std::vector<Level> levels_;
    std::optional<Node> root_;
    Place start_{1, 1};
};

std::string_view line_of(const std::string& text, int line) {
    std::string_view rest = text;
    for (int i = 1; i < line; ++i) {
        const std::size_t newline = rest.find('\n');
        rest = newline == std::string_view::npos ? std::string_view{} : rest.substr(newline + 1);
    }
    return rest.substr(0, rest.find('\n'));
}

void report_syntax(const std::string& text, const YAML::Exception& problem, Findings& findings) {
    const Place place = place_of(problem.mark);
    const bool has_variable = line_of(text, place.line).find("${") != std::string_view::npos;
    findings.error_at(place, {},
                      fmt::format("not YAML: {}; {}", problem.msg,
                                  has_variable ? "inside [ ] and { } put ${NAME} in quotes"
                                               : "expected a routing table in YAML"));
}

void read_events(const std::string& text, TreeBuilder& first, Findings& findings) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(first)) {
        return;
    }
    Findings ignored;
    TreeBuilder second(text, ignored);
    if (parser.HandleNextDocument(second)) {
        findings.error_at(second.start(), {}, "a second document begins here; expected one");
    }
}

}  // namespace

std::optional<Node> read_document(const std::string& file, Findings& findings) {
    // Without the mark of some editors, so that yaml-cpp's positions are those of `text`.
    const std::string text = file.starts_with("\xef\xbb\xbf") ? file.substr(3) : file;
    if (text.size() > k_largest) {
        findings.error_at({}, {}, "larger than 1MiB; expected a routing table");
        return std::nullopt;
    }
    if (const std::optional<Place> place = find_invalid_utf8(text)) {
        findings.error_at(*place, {}, "not UTF-8; expected a routing table in UTF-8");
        return std::nullopt;
    }
    TreeBuilder builder(text, findings);
    try {
        read_events(text, builder, findings);
    } catch (const YAML::DeepRecursion& problem) {
        findings.error_at(place_of(problem.mark), {}, "nested too deeply; expected a routing table");
        return std::nullopt;
    } catch (const YAML::Exception& problem) {
        report_syntax(text, problem, findings);
        return std::nullopt;
    } catch (const std::exception& problem) {
        findings.error_at({}, {},
                          fmt::format("not YAML: {}; expected a routing table in YAML", problem.what()));
        return std::nullopt;
    }
    std::optional<Node> root = builder.take_root();
    if (!root || root->kind != Node::Kind::map) {
        findings.error_at(root ? root->place : Place{1, 1}, {},
                          "holds no routing table; expected a map with clusters and routes");
        return std::nullopt;
    }
    return root;
}

}  // namespace laterd::config
