#include "reference/schema.h"

#include "config/key.h"
#include "config/quantity.h"
#include "config/scalar.h"
#include "reference/words.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string_view>
#include <vector>

namespace laterd::reference {

namespace {

using config::Key;
using config::Type;
using Json = nlohmann::ordered_json;

// A text with a variable may become anything.
constexpr std::string_view k_variable = R"(\$\{)";
constexpr std::string_view k_name = "^[a-z0-9][a-z0-9._-]{0,63}$";
constexpr std::string_view k_duration = "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
constexpr std::string_view k_size = "^[0-9]+(B|KiB|MiB|GiB)$";
constexpr std::string_view k_integer = "^(0|[1-9][0-9]*)$";
constexpr std::string_view k_number = R"(^[0-9]+(\.[0-9]{1,6})?$)";
constexpr std::string_view k_topic = R"(^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$)";
constexpr std::string_view k_topic_or_regex = R"(^\^|^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$)";
constexpr std::string_view k_instance = "^[a-zA-Z0-9._-]{1,128}$";
constexpr std::string_view k_broker = R"(^(\[[^\] ,/"]+\]|[^ ,/":\[\]]+):[0-9]{1,5}$)";
constexpr std::string_view k_brokers = R"(^ *[^ ,/"]+:[0-9]{1,5} *(, *[^ ,/"]+:[0-9]{1,5} *)*$)";
constexpr std::string_view k_socket = "^/(.*[^/])?$";
constexpr std::string_view k_loopback = R"(^(localhost|\[::1\]|127\.[0-9.]+):[0-9]{1,5}$)";
constexpr std::string_view k_request_path = R"(^/[!-"$-~]*$)";

constexpr std::string_view k_listen =
    R"(^(unix:/(.*[^/])?|(localhost|[0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5})$)";

Json schema_of(const Key& key);

Json text_like(std::string_view pattern) {
    return {{"type", "string"}, {"pattern", fmt::format("{}|{}", pattern, k_variable)}};
}

// A name without quotes may look like a number to YAML, and is a name all the same.
Json name_like(std::string_view pattern) {
    Json schema = text_like(pattern);
    schema["type"] = {"string", "number"};
    return schema;
}

Json free_text() {
    return {{"type", {"string", "number"}}, {"minLength", 1}};
}

Json any_of(std::vector<Json> forms) {
    return {{"anyOf", std::move(forms)}};
}

Json words_of(const Key& key) {
    return {{"enum", config::choices_of(key)}};
}

Json variable() {
    return {{"type", "string"}, {"pattern", k_variable}};
}

Json integer_within(const Key& key) {
    Json schema = {{"type", "integer"}};
    const config::Range range = config::range_of(key);
    if (!range.least.empty()) {
        schema["minimum"] = *config::parse_integer(range.least);
        schema["maximum"] = *config::parse_integer(range.most);
    }
    return schema;
}

Json number_within(const Key& key) {
    Json schema = {{"type", "number"}};
    const config::Range range = config::range_of(key);
    if (!range.least.empty()) {
        schema["minimum"] = *config::parse_number(range.least);
        schema["maximum"] = *config::parse_number(range.most);
    }
    return schema;
}

Json list_of(const Key& key) {
    return {{"type", "array"},
            {"items", schema_of(*config::find_key(fmt::format("{}[]", key.path)))},
            {"minItems", 1}};
}

Json map_of_names(const Key& key) {
    Json schema = {{"type", "object"},
                   {"additionalProperties", schema_of(*config::find_key(fmt::format("{}.*", key.path)))}};
    if (key.type == Type::names) {
        schema["propertyNames"] = {{"pattern", k_name}};
        schema["minProperties"] = 1;
    }
    return schema;
}

Json section_of(std::string_view path) {
    Json properties = Json::object();
    Json required = Json::array();
    Json alternatives = Json::array();
    for (const Key* key : config::keys_below(path)) {
        if (!key->is_available()) {
            continue;
        }
        properties[std::string(key->name())] = schema_of(*key);
        if (key->required && key->alternative.empty()) {
            required.push_back(key->name());
        } else if (key->required) {
            alternatives.push_back({{"required", {key->name()}}});
            alternatives.push_back({{"required", {key->alternative}}});
        }
    }
    Json schema = {{"type", "object"}, {"properties", properties}};
    if (!required.empty()) {
        schema["required"] = required;
    }
    if (!alternatives.empty()) {
        schema["oneOf"] = alternatives;
    }
    schema["additionalProperties"] = false;
    return schema;
}

Json scalar_of(const Key& key) {
    switch (key.type) {
        case Type::broker:
            return text_like(k_broker);
        case Type::topic:
            return name_like(k_topic);
        case Type::topic_or_regex:
            return name_like(k_topic_or_regex);
        case Type::cluster:
            return name_like(k_name);
        case Type::instance:
            return name_like(k_instance);
        case Type::boolean:
            return any_of({{{"type", "boolean"}}, {{"enum", {"true", "false"}}}, variable()});
        case Type::integer:
            return any_of({integer_within(key), text_like(k_integer)});
        case Type::integer_or_off:
            return any_of({integer_within(key), {{"enum", {"off"}}}, text_like(k_integer)});
        case Type::number:
            return any_of({number_within(key), text_like(k_number)});
        case Type::duration:
            return text_like(k_duration);
        case Type::size:
            return text_like(k_size);
        case Type::choice:
            return any_of({words_of(key), variable()});
        case Type::choice_or_duration:
            return any_of({words_of(key), text_like(k_duration)});
        case Type::socket:
            return text_like(k_socket);
        case Type::loopback_address:
            return text_like(k_loopback);
        case Type::request_path:
            return text_like(k_request_path);
        case Type::listen:
            return text_like(k_listen);
        case Type::property:
            return {{"type", {"string", "number", "boolean"}}};
        default:
            return free_text();
    }
}

Json value_of(const Key& key) {
    switch (key.type) {
        case Type::section:
            return section_of(key.path);
        case Type::names:
        case Type::properties:
            return map_of_names(key);
        case Type::list:
            return list_of(key);
        case Type::list_or_commas:
            return any_of({list_of(key), text_like(k_brokers)});
        case Type::choice_or_list:
            return any_of({words_of(key), list_of(key), variable()});
        case Type::backoff:
            return any_of({text_like(k_duration), list_of(key), section_of(key.path)});
        default:
            return scalar_of(key);
    }
}

// A default as a JSON value, so that an editor writes it without quotes.
Json standard_of(const Key& key) {
    const bool is_integer = key.type == Type::integer || key.type == Type::integer_or_off;
    if (const auto number = config::parse_integer(key.standard); is_integer && number) {
        return *number;
    }
    if (key.type == Type::boolean) {
        return key.standard == "true";
    }
    return key.standard;
}

Json schema_of(const Key& key) {
    Json schema = {{"description", sentence_about(key)}};
    if (!key.standard.empty()) {
        schema["default"] = standard_of(key);
    } else if (key.takes_text() && !key.takes_list() && !key.example.empty()) {
        schema["examples"] = {key.example};
    }
    if (key.secret) {
        schema["writeOnly"] = true;
    }
    schema.update(value_of(key));
    return schema;
}

}  // namespace

std::string json_schema() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "laterd routing table"},
                   {"description",
                    "What laterd reads from /etc/laterd/laterd.yaml. `laterd check` also finds what a "
                    "schema cannot."}};
    schema.update(section_of(""));
    return schema.dump(2) + "\n";
}

}  // namespace laterd::reference
