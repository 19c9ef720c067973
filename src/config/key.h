// The table of the keys of the routing table: one row for each. It drives the reader, its messages and what
// `check --print` shows; a key that this version does not have yet is a row with a later `since`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace laterd::config {

// What stands under a key.
enum class Type : std::uint8_t {
    section,     // a map with the keys of the rows below it
    names,       // a map from names that the file chooses
    properties,  // a map from librdkafka properties
    list,
    list_or_commas,  // also one text, as a variable holds it
    broker,          // host:port
    topic,
    topic_or_regex,
    group,
    cluster,  // the name of a cluster of this file
    instance,
    header,
    text,
    boolean,
    integer,
    number,
    duration,
    size,
    choice,
    choice_or_duration,
    choice_or_list,
    integer_or_off,
    backoff,  // a duration, a list of them, or a map with the keys of the rows below it
    socket,   // the path of a Unix socket
    loopback_address,
    request_path,
    listen,       // HOST:PORT, or unix:PATH
    property,     // the value of a librdkafka property, verbatim
    secret_file,  // the name of a file with the value
};

struct Version {
    int major = 0;
    int minor = 1;

    auto operator<=>(const Version&) const = default;
};
inline constexpr Version k_this_version{0, 3};

struct Key {
    // `*` stands for a name, `[]` for an item of a list, `=word` for one choice of a key.
    std::string_view path;
    Type type = Type::text;
    bool required = false;
    bool secret = false;             // its value is never shown
    std::string_view alternative{};  // a required key may be left out when this neighbour is there
    std::string_view standard{};     // the default as the file would write it; empty: none
    std::string_view range{};        // choices `a|b`, or `least..most` of a number or a duration
    std::string_view example{};      // as the file would write it, for messages
    Version since{};
    std::string_view meaning{};  // a sentence for the reference page

    bool is_available() const noexcept { return since <= k_this_version; }
    // A map whose keys the file chooses.
    bool takes_names() const noexcept { return type == Type::names || type == Type::properties; }
    bool takes_map() const noexcept {
        return takes_names() || type == Type::section || type == Type::backoff;
    }
    bool takes_list() const noexcept {
        return type == Type::list || type == Type::list_or_commas || type == Type::choice_or_list ||
               type == Type::backoff;
    }
    bool takes_text() const noexcept {
        return type == Type::choice_or_list || type == Type::backoff || !(takes_map() || takes_list());
    }
    // The last step of the path.
    std::string_view name() const noexcept { return path.substr(path.rfind('.') + 1); }
};

std::span<const Key> keys();

// The row of that path; nullptr when there is none.
const Key* find_key(std::string_view path);

// The rows of the keys one step below `path`; the top level for "".
std::vector<const Key*> keys_below(std::string_view path);

// The words of a choice that this version has.
std::vector<std::string> choices_of(const Key& key);

struct Range {
    std::string_view least;
    std::string_view most;
};

// The ends of a range `least..most`; both empty when the key has none.
Range range_of(const Key& key);

// What a message asks for: `a duration like 15m`.
std::string expectation_of(const Key& key);

}  // namespace laterd::config
