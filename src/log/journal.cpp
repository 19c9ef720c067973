#include "log/journal.h"

#ifdef LATERD_SYSTEMD
// The place in the source would be this file's.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#endif

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "log/text.h"

namespace laterd::log {

namespace {

// As in syslog.
int priority_of(Level level) noexcept {
    switch (level) {
        case Level::trace:
        case Level::debug:
            return 7;
        case Level::info:
            return 6;
        case Level::warn:
            return 4;
        case Level::error:
            return 3;
    }
    return 6;
}

// The journal takes capital letters, digits and underscores.
std::string journal_name(std::string_view name) {
    std::string all = "LATERD_";
    for (const char c : name) {
        if (c >= 'a' && c <= 'z') {
            all += static_cast<char>(c - 'a' + 'A');
        } else {
            all += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
        }
    }
    return all;
}

struct PlainText {
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
};

std::vector<std::string> common_fields(int priority, std::string_view message) {
    return {"MESSAGE=" + std::string(message), "PRIORITY=" + std::to_string(priority),
            "SYSLOG_IDENTIFIER=laterd"};
}

}  // namespace

bool is_journal([[maybe_unused]] int fd, [[maybe_unused]] const char* journal_stream) noexcept {
#ifdef LATERD_SYSTEMD
    struct stat found{};
    if (journal_stream == nullptr || fstat(fd, &found) != 0) {
        return false;
    }
    return journal_stream == fmt::format("{}:{}", found.st_dev, found.st_ino);
#else
    return false;
#endif
}

std::vector<std::string> journal_fields(Level level, std::string_view event, std::span<const Field> fields) {
    std::vector<std::string> all =
        common_fields(priority_of(level), std::string(event) + text_of_fields(fields));
    all.push_back("LATERD_EVENT=" + std::string(event));
    for (const Field& field : fields) {
        all.push_back(journal_name(field.name) + "=" + std::visit(PlainText{}, field.value));
    }
    return all;
}

std::vector<std::string> journal_fields(std::string_view line) {
    return common_fields(priority_of(Level::info), line);
}

std::string_view journal_prefix(Level level) noexcept {
    constexpr std::array<std::string_view, 8> k_prefixes{"<0>", "<1>", "<2>", "<3>",
                                                         "<4>", "<5>", "<6>", "<7>"};
    return k_prefixes.at(static_cast<std::size_t>(priority_of(level)));
}

// Each field behind its length: values may hold any byte.
std::string pack(std::span<const std::string> fields) {
    std::string packed;
    for (const std::string& field : fields) {
        const auto size = static_cast<std::uint32_t>(field.size());
        char bytes[sizeof size];
        std::memcpy(bytes, &size, sizeof size);
        packed.append(bytes, sizeof size);
        packed += field;
    }
    return packed;
}

std::vector<std::string_view> unpack(std::string_view packed) {
    std::vector<std::string_view> fields;
    std::uint32_t size = 0;
    while (packed.size() >= sizeof size) {
        std::memcpy(&size, packed.data(), sizeof size);
        packed.remove_prefix(sizeof size);
        fields.push_back(packed.substr(0, size));
        packed.remove_prefix(std::min<std::size_t>(size, packed.size()));
    }
    return fields;
}

bool send_to_journal([[maybe_unused]] std::string_view packed) noexcept {
#ifdef LATERD_SYSTEMD
    try {
        std::vector<iovec> parts;
        for (const std::string_view field : unpack(packed)) {
            // Only read, whatever its type says.
            parts.push_back({.iov_base = const_cast<char*>(field.data()), .iov_len = field.size()});
        }
        return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
    } catch (...) {
        return false;
    }
#else
    return false;
#endif
}

}  // namespace laterd::log
