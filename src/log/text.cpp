#include "log/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace laterd::log {

namespace {

// Whether a logfmt value needs no quotes.
bool is_plain(std::string_view value) noexcept {
    for (const char c : value) {
        if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }
    return !value.empty();
}

struct AppendText {
    std::string& line;

    void operator()(const std::string& value) const { append_text(line, value); }
    void operator()(std::int64_t value) const { line += fmt::format("{}", value); }
    void operator()(double value) const { line += fmt::format("{}", value); }
    void operator()(bool value) const { line += value ? "true" : "false"; }
};

}  // namespace

void append_text(std::string& line, std::string_view value) {
    if (is_plain(value)) {
        line += value;
    } else {
        line += dump(std::string(value));
    }
}

std::string text_of_fields(std::span<const Field> fields) {
    std::string line;
    for (const Field& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        std::visit(AppendText{line}, field.value);
    }
    return line;
}

std::string dump(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace laterd::log
