// Any bytes as a commit's metadata: what is read is a note that writes as itself.
#include "core/commit_note.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace laterd::core;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto note = decode_commit_note({reinterpret_cast<const char*>(bytes), size});
    if (note && (note->partitions <= 0 || decode_commit_note(encode(*note)) != note)) {
        std::abort();
    }
    return 0;
}
