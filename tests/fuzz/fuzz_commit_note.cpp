// Any bytes as a commit's metadata: what is read is a note that writes as itself, and a done map that can be asked. The
// same bytes as the content of a done map with a good checksum, for no fuzzer finds that by chance.
#include "core/base64.h"
#include "core/commit_note.h"
#include "core/crc32.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace laterd::core;

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void ask(const DoneMap& map) {
    for (const Offset offset : map.except) {
        require(offset < map.end && !map.is_settled(offset, WallTime::min()));
    }
    require(!map.is_settled(map.end, WallTime::min()));
}

void read(std::string_view text) {
    const auto note = decode_commit_note(text);
    if (!note) {
        return;
    }
    require(note->partitions > 0);
    require(decode_commit_note(encode(*note, SIZE_MAX)) == note);
    if (note->done) {
        ask(*note->done);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    read(input);
    std::string content(input);
    const std::uint32_t checksum = crc32(content);
    for (int shift = 0; shift < 32; shift += 8) {
        content += static_cast<char>(checksum >> shift & 255);
    }
    read("laterd1 partitions=1 done=" + to_base64(content));
    return 0;
}
