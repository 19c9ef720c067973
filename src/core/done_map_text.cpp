#include "core/done_map_text.h"

#include <limits>

#include "core/base64.h"
#include "core/crc32.h"

namespace laterd::core {

namespace {

constexpr std::uint8_t k_version = 1;
constexpr std::uint8_t k_by_position = 1;
constexpr std::size_t k_checksum_bytes = 4;
constexpr DoneMap::Far k_before_far{.from = -1, .at_least = WallTime{}};

// Small numbers of either sign become small ones without a sign: 0, -1, 1, -2, ...
constexpr std::uint64_t zigzag(std::uint64_t value) noexcept {
    return value << 1 ^ (value >> 63 != 0 ? ~std::uint64_t{0} : 0);
}
constexpr std::uint64_t unzigzag(std::uint64_t value) noexcept {
    return value >> 1 ^ ((value & 1) != 0 ? ~std::uint64_t{0} : 0);
}

constexpr std::uint64_t bits(WallTime time) noexcept {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
constexpr WallTime time_of(std::uint64_t bits) noexcept {
    return WallTime{Milliseconds{static_cast<std::int64_t>(bits)}};
}

constexpr std::uint64_t distance(Offset before, Offset offset) noexcept {
    return static_cast<std::uint64_t>(offset) - static_cast<std::uint64_t>(before) - 1;
}
constexpr std::uint64_t distance(WallTime before, WallTime time) noexcept {
    return zigzag(bits(time) - bits(before));
}

class Writer {
  public:
    void byte(std::uint8_t value) { bytes_ += static_cast<char>(value); }
    void fixed(std::uint64_t value, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            byte(static_cast<std::uint8_t>(value >> 8 * i & 255));
        }
    }
    void varint(std::uint64_t value) {
        for (; value >= 128; value >>= 7) {
            byte(static_cast<std::uint8_t>(value | 128));
        }
        byte(static_cast<std::uint8_t>(value));
    }
    const std::string& bytes() const noexcept { return bytes_; }

  private:
    std::string bytes_;
};

// Reads nothing but zeros once something did not fit.
class Reader {
  public:
    explicit Reader(std::string_view bytes) noexcept : bytes_(bytes) {}

    std::uint8_t byte() noexcept {
        if (bytes_.empty()) {
            ok_ = false;
            return 0;
        }
        const auto value = static_cast<std::uint8_t>(bytes_.front());
        bytes_.remove_prefix(1);
        return value;
    }
    std::uint64_t fixed(std::size_t count) noexcept {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            value |= std::uint64_t{byte()} << 8 * i;
        }
        return value;
    }
    std::uint64_t varint() noexcept {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const std::uint64_t next = byte();
            if (shift == 63 && next > 1) {
                break;  // more than 64 bits
            }
            value |= (next & 127) << shift;
            if (next < 128) {
                return value;
            }
        }
        ok_ = false;
        return 0;
    }
    Offset offset() noexcept {
        const std::uint64_t value = varint();
        return check(value <= static_cast<std::uint64_t>(std::numeric_limits<Offset>::max()))
                   ? static_cast<Offset>(value)
                   : 0;
    }
    // The offset that lies so far behind `before`, and below `end`.
    Offset offset_after(Offset before, Offset end) noexcept {
        const std::uint64_t step = varint();
        return check(before + 1 < end && step < distance(before, end))
                   ? before + 1 + static_cast<Offset>(step)
                   : before;
    }
    WallTime time_after(WallTime before) noexcept { return time_of(bits(before) + unzigzag(varint())); }
    // Each of them takes a byte at least: no number makes us reserve more than there is.
    std::size_t count() noexcept {
        const std::uint64_t value = varint();
        return check(value <= bytes_.size()) ? static_cast<std::size_t>(value) : 0;
    }
    bool check(bool condition) noexcept {
        ok_ = ok_ && condition;
        return ok_;
    }
    bool is_done() const noexcept { return ok_ && bytes_.empty(); }

  private:
    std::string_view bytes_;
    bool ok_ = true;
};

void write_far(Writer& writer, const std::vector<DoneMap::Far>& far) {
    writer.varint(far.size());
    DoneMap::Far before = k_before_far;
    for (const DoneMap::Far& entry : far) {
        writer.varint(distance(before.from, entry.from));
        writer.varint(distance(before.at_least, entry.at_least));
        before = entry;
    }
}

void read_far(Reader& reader, DoneMap& map) {
    const std::size_t count = reader.count();
    map.far.reserve(count);
    DoneMap::Far before = k_before_far;
    for (std::size_t i = 0; i < count && reader.check(true); ++i) {
        before = {.from = reader.offset_after(before.from, map.end),
                  .at_least = reader.time_after(before.at_least)};
        map.far.push_back(before);
    }
}

void write_except(Writer& writer, const std::vector<Offset>& except) {
    writer.varint(except.size());
    Offset before = -1;
    for (const Offset offset : except) {
        writer.varint(distance(before, offset));
        before = offset;
    }
}

void read_except(Reader& reader, DoneMap& map) {
    const std::size_t count = reader.count();
    map.except.reserve(count);
    Offset before = -1;
    for (std::size_t i = 0; i < count && reader.check(true); ++i) {
        before = reader.offset_after(before, map.end);
        map.except.push_back(before);
    }
}

}  // namespace

std::size_t except_bytes(Offset before, Offset offset) noexcept {
    return varint_bytes(distance(before, offset));
}

std::size_t far_bytes(const DoneMap::Far& before, const DoneMap::Far& entry) noexcept {
    return varint_bytes(distance(before.from, entry.from)) +
           varint_bytes(distance(before.at_least, entry.at_least));
}

std::size_t frame_bytes(Offset end) noexcept {
    constexpr std::size_t k_time = 10;
    constexpr std::size_t k_counts = 6;  // of what takes a byte each at least in 4096 characters
    return 1 + 1 + sizeof(DoneMap::rule) + 2 * varint_bytes(static_cast<std::uint64_t>(end)) + k_time +
           k_counts + k_checksum_bytes;
}

std::string to_text(const DoneMap& map) {
    Writer writer;
    writer.byte(k_version);
    writer.byte(map.by_position ? k_by_position : 0);
    writer.fixed(map.rule, sizeof map.rule);
    writer.varint(static_cast<std::uint64_t>(map.end));
    if (!map.by_position) {
        writer.varint(distance(WallTime{}, map.until));
        writer.varint(static_cast<std::uint64_t>(map.tie_end));
        write_far(writer, map.far);
    }
    write_except(writer, map.except);
    writer.fixed(crc32(writer.bytes()), k_checksum_bytes);
    return to_base64(writer.bytes());
}

std::optional<DoneMap> done_map_from(std::string_view text) {
    const std::optional<std::string> bytes = from_base64(text);
    if (!bytes || bytes->size() < k_checksum_bytes) {
        return std::nullopt;
    }
    const std::string_view content = std::string_view(*bytes).substr(0, bytes->size() - k_checksum_bytes);
    if (Reader(std::string_view(*bytes).substr(content.size())).fixed(k_checksum_bytes) != crc32(content)) {
        return std::nullopt;
    }
    Reader reader(content);
    if (reader.byte() != k_version) {
        return std::nullopt;
    }
    DoneMap map;
    const std::uint8_t flags = reader.byte();
    reader.check(flags <= k_by_position);
    map.by_position = flags == k_by_position;
    map.rule = reader.fixed(sizeof map.rule);
    map.end = reader.offset();
    if (!map.by_position) {
        map.until = reader.time_after(WallTime{});
        map.tie_end = reader.offset();
        read_far(reader, map);
    }
    read_except(reader, map);
    return reader.is_done() ? std::optional(std::move(map)) : std::nullopt;
}

}  // namespace laterd::core
