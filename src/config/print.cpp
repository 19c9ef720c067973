#include "config/print.h"

#include "config/key.h"
#include "config/node.h"
#include "config/table_document.h"

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>

#include <string>
#include <string_view>

namespace laterd::config {

namespace {

// What was replaced once must not be replaced again when this is read.
std::string escape(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        escaped += text.substr(i, 2) == "${" ? "$$" : text.substr(i, 1);
    }
    return escaped;
}

class Printer {
  public:
    std::string print(const Node& root) {
        emit_section(root, {});
        return std::string(out_.c_str()) + "\n";
    }

  private:
    void emit_section(const Node& node, std::string_view row_path) {
        out_ << YAML::BeginMap;
        for (const Key* key : keys_below(row_path)) {
            if (const Node* value = node.find(key->name())) {
                emit_entry(std::string(key->name()), *value, *key);
            }
        }
        out_ << YAML::EndMap;
    }

    void emit_entry(const std::string& name, const Node& value, const Key& key) {
        out_ << YAML::Key << name << YAML::Value;
        if (key.takes_names()) {
            emit_names(value, *find_key(fmt::format("{}.*", key.path)));
        } else if (value.kind == Node::Kind::map) {
            emit_section(value, key.path);
        } else if (value.kind == Node::Kind::list) {
            emit_list(value);
        } else {
            out_ << (key.secret ? std::string(k_hidden) : escape(value.text));
        }
    }

    void emit_names(const Node& node, const Key& below) {
        out_ << YAML::BeginMap;
        for (const Entry& entry : node.entries) {
            emit_entry(entry.key, entry.value, below);
        }
        out_ << YAML::EndMap;
    }

    void emit_list(const Node& node) {
        out_ << YAML::Flow << YAML::BeginSeq;
        for (const Node& item : node.items) {
            out_ << escape(item.text);
        }
        out_ << YAML::EndSeq;
    }

    YAML::Emitter out_;
};

}  // namespace

std::string print(const RoutingTable& table) {
    return Printer().print(to_document(table));
}

}  // namespace laterd::config
