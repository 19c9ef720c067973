#include "config/path.h"

#include "config/quote.h"

#include <algorithm>

namespace laterd::config {

namespace {

bool is_word(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
}

}  // namespace

Path Path::operator/(std::string_view key) const {
    Path longer = *this;
    longer.steps_.push_back({.key = std::string(key)});
    return longer;
}

Path Path::operator[](std::size_t index) const {
    Path longer = *this;
    longer.steps_.push_back({.key = {}, .index = index, .is_index = true});
    return longer;
}

std::string Path::str() const {
    std::string text;
    for (const Step& step : steps_) {
        if (step.is_index) {
            text += "[" + std::to_string(step.index) + "]";
            continue;
        }
        if (!text.empty()) {
            text += '.';
        }
        text += is_word(step.key) ? step.key : quote(step.key);
    }
    return text;
}

}  // namespace laterd::config
