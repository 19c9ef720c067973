#include "config/near_miss.h"

#include "config/quote.h"

#include <algorithm>
#include <cstddef>

namespace laterd::config {

namespace {

// Only words this short are compared: the work grows with the product of the lengths.
constexpr std::size_t k_longest = 64;

// Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : (c == '-' ? '_' : c);
    }
    return lowered;
}

// `warn` for `warning`, `unix` for `unix_ms`.
bool is_cut(std::string_view a, std::string_view b) {
    return std::min(a.size(), b.size()) >= 4 && (a.starts_with(b) || b.starts_with(a));
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    if (word.empty() || word.size() > k_longest) {
        return std::nullopt;
    }
    const std::string wanted = lower(word);
    std::size_t best = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
    std::optional<std::string> found;
    for (const std::string& candidate : known) {
        if (candidate.size() > k_longest) {
            continue;
        }
        const std::string known_word = lower(candidate);
        const std::size_t steps = is_cut(wanted, known_word) ? 1 : distance(wanted, known_word);
        if (steps < best) {
            best = steps;
            found = candidate;
        }
    }
    return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const std::optional<std::string> found = nearest(word, known);
    return found ? "; did you mean " + quote(*found) + "?" : "";
}

}  // namespace laterd::config
