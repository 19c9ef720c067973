#include "reference/words.h"

#include <fmt/format.h>

namespace laterd::reference {

std::string sentence_about(const config::Key& key) {
    const config::Range range = config::range_of(key);
    if (range.least.empty()) {
        return std::string(key.meaning);
    }
    return fmt::format("{} From {} to {}.", key.meaning, range.least, range.most);
}

}  // namespace laterd::reference
