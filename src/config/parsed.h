// What a parser gives: a value, or what is wrong with the text and what was expected.
#pragma once

#include <string>
#include <variant>

namespace laterd::config {

struct Problem {
    std::string text;
};

template <typename T>
class Parsed {
  public:
    Parsed(T value) : value_(std::move(value)) {}            // NOLINT(google-explicit-constructor): a result
    Parsed(Problem problem) : value_(std::move(problem)) {}  // NOLINT(google-explicit-constructor)

    explicit operator bool() const noexcept { return std::holds_alternative<T>(value_); }
    const T& operator*() const { return std::get<T>(value_); }
    const std::string& problem() const { return std::get<Problem>(value_).text; }

  private:
    std::variant<T, Problem> value_;
};

}  // namespace laterd::config
