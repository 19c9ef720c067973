// A promise that was broken in a simulated world.
#pragma once

#include <stdexcept>
#include <string>

namespace laterd::simulation {

class Violation : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

template <typename... Numbers>
std::string sentence(const std::string& text, Numbers... numbers) {
    std::string all = text;
    ((all += ' ', all += std::to_string(numbers)), ...);
    return all;
}

// `numbers` follow the text in the message.
template <typename... Numbers>
void require(bool holds, const char* text, Numbers... numbers) {
    if (!holds) {
        throw Violation(sentence(text, numbers...));
    }
}

}  // namespace laterd::simulation
