// Any headers on a copy: what is read of them is within its ranges, and what is written of it reads as itself.
#include "dialect/laterd.h"
#include "dialect/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace laterd;

namespace {

constexpr core::WallTime k_written{core::Milliseconds(1'700'000'000'123)};
constexpr core::Milliseconds k_longest{3'600'000};

// One header a line, `name=value`; without the equals sign its value is null.
dialect::Marks decode(std::string_view lines) {
    dialect::Decoder decoder;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        const std::size_t equals = line.find('=');
        decoder.take(line.substr(0, equals), equals == std::string_view::npos
                                                 ? std::nullopt
                                                 : std::optional(line.substr(equals + 1)));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    return decoder.marks();
}

bool is_sensible(const dialect::Marks& marks) {
    const core::WallTime first = dialect::first_attempt_of(marks, k_written);
    return dialect::due_on_retry(marks, k_written, k_longest) <= k_written + k_longest &&
           dialect::due_on_waiting(marks) <= dialect::k_calendar_end && first >= core::WallTime() &&
           first <= k_written && marks.attempts.value_or(0) <= dialect::k_attempts_most &&
           (!marks.origin || (marks.origin->partition >= 0 && marks.origin->offset >= 0 &&
                              marks.origin->timestamp >= -1 && !marks.origin->topic.empty()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    dialect::Marks marks = decode({reinterpret_cast<const char*>(bytes), size});
    if (!is_sensible(marks)) {
        std::abort();
    }
    const std::string error = dialect::to_text(marks.error, 1'024);
    marks.error = error;
    const std::vector<dialect::Header> written = dialect::encode(marks);
    dialect::Decoder again;
    for (const dialect::Header& header : written) {
        again.take(header.name, header.value);
    }
    if (again.marks() != marks || error.size() > 1'024 || dialect::to_text(error, 1'024) != error) {
        std::abort();
    }
    return 0;
}
