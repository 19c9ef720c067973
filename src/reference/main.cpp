// Prints what is made from the table of keys: `laterd-reference schema|keys`. Only the build and the tests call it.
#include "config/key.h"
#include "reference/schema.h"

#include <iostream>
#include <string>

namespace {

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

}  // namespace

int main(int count, char** arguments) {
    const std::string what = count == 2 ? arguments[1] : "";
    if (what == "schema") {
        std::cout << laterd::reference::json_schema();
    } else if (what == "keys") {
        std::cout << available_keys();
    } else {
        std::cerr << "usage: laterd-reference schema|keys\n";
        return 64;
    }
    return std::cout.flush() ? 0 : 70;
}
