#include "reference/key_page.h"

#include "config/key.h"
#include "reference/words.h"

#include <fmt/format.h>

#include <sstream>
#include <string_view>

namespace laterd::reference {

namespace {

using config::Key;
using config::Type;

constexpr std::size_t k_width = 78;

// What roff would take for its own becomes itself; `code` gets quotes.
std::string escape(std::string_view text) {
    std::string escaped;
    bool is_open = false;
    for (const char c : text) {
        if (c == '\\') {
            escaped += "\\e";
        } else if (c == '`') {
            escaped += is_open ? "\\(rq" : "\\(lq";
            is_open = !is_open;
        } else {
            escaped += c;
        }
    }
    return escaped;
}

bool ends_sentence(std::string_view word) {
    return word.ends_with('.') || word.ends_with(":");
}

// Lines of roff text: a new sentence begins a new line, as roff wants it, and none is long.
std::string fill(std::string_view text) {
    std::istringstream words(escape(text));
    std::string lines;
    std::string line;
    const auto end_line = [&] {
        const bool is_request = line.starts_with('.') || line.starts_with('\'');
        lines += (is_request ? "\\&" : "") + line + "\n";
        line.clear();
    };
    for (std::string word; words >> word;) {
        if (!line.empty() && line.size() + 1 + word.size() > k_width) {
            end_line();
        }
        line += (line.empty() ? "" : " ") + word;
        if (ends_sentence(word)) {
            end_line();
        }
    }
    if (!line.empty()) {
        end_line();
    }
    return lines;
}

// `routes.*.to` as people read it: routes.NAME.to.
std::string shown_path(std::string_view path) {
    std::string shown;
    for (const char c : path) {
        const bool is_property = shown.ends_with("properties.") || shown.ends_with("secrets.");
        shown += c == '*' ? (is_property ? "PROPERTY" : "NAME") : std::string(1, c);
    }
    return shown;
}

std::string duty_of(const Key& key) {
    if (!key.required) {
        return key.standard.empty() ? "" : fmt::format("Default: {}\n", escape(key.standard));
    }
    return key.alternative.empty() ? "Required.\n" : fmt::format("Required, or {}.\n", key.alternative);
}

// Nothing for what the meaning has said already.
std::string form_of(const Key& key) {
    if (key.type == Type::property) {
        return "";
    }
    const char* opening = key.type == Type::choice ? "One of" : "Written as";
    return fill(fmt::format("{} {}.", opening, config::expectation_of(key)));
}

}  // namespace

std::string key_list() {
    std::string list = ".Bl -tag -width Ds\n";
    for (const Key& key : config::keys()) {
        if (key.is_available()) {
            list += fmt::format(".It Ic {}\n{}{}{}", shown_path(key.path), fill(sentence_about(key)),
                                form_of(key), duty_of(key));
        }
    }
    return list + ".El\n";
}

}  // namespace laterd::reference
