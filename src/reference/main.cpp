// Prints what is made from the table of keys. Only the build and the tests call it.
#include "config/key.h"
#include "reference/key_page.h"
#include "reference/schema.h"

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr const char* k_usage = "usage: laterd-reference schema | keys | page TEMPLATE\n";

// The path of each key that this version has, as the tests compare them.
std::string available_keys() {
    std::string lines;
    for (const laterd::config::Key& key : laterd::config::keys()) {
        if (key.is_available()) {
            lines += std::string(key.path) + "\n";
        }
    }
    return lines;
}

// The template with the list of keys in place of its line @KEYS@.
std::string page(std::istream& written) {
    std::string text;
    for (std::string line; std::getline(written, line);) {
        text += line == "@KEYS@" ? laterd::reference::key_list() : line + "\n";
    }
    return text;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words == std::vector<std::string>{"schema"}) {
        std::cout << laterd::reference::json_schema();
    } else if (words == std::vector<std::string>{"keys"}) {
        std::cout << available_keys();
    } else if (words.size() == 2 && words[0] == "page") {
        std::ifstream file(words[1]);
        if (!file) {
            std::cerr << "laterd-reference: cannot read " << words[1] << '\n';
            return 66;
        }
        std::cout << page(file);
    } else {
        std::cerr << k_usage;
        return 64;
    }
    return std::cout.flush() ? 0 : 70;
}
