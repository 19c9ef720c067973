// One row of the table: an operation that is done to the model and to a real broker, and what each answered.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace laterd::conformance {

class RealKafka;

struct Operation {
    std::string name;
    std::function<std::string()> on_model;
    std::function<std::string(RealKafka&)> on_kafka;
};

// By what they are about.
std::vector<Operation> log_operations();
std::vector<Operation> produce_operations();
std::vector<Operation> group_operations();
std::vector<Operation> read_operations();

}  // namespace laterd::conformance
