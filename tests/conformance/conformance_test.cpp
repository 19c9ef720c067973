// The simulation is as good as its model of Kafka: here every rule of it is held against a real broker.
#include "conformance/operation.h"
#include "conformance/real_kafka.h"
#include "support/catch.hpp"

using namespace laterd::conformance;

namespace {

void compare(const std::vector<Operation>& operations) {
    for (const Operation& operation : operations) {
        DYNAMIC_SECTION(operation.name) {
            CHECK(operation.on_kafka(RealKafka::shared()) == operation.on_model());
        }
    }
}

}  // namespace

TEST_CASE("the model keeps a log as a broker does", "[log]") {
    compare(log_operations());
}
TEST_CASE("the model judges what is written as a broker does", "[produce]") {
    compare(produce_operations());
}
TEST_CASE("the model keeps a group as a coordinator does", "[group]") {
    compare(group_operations());
}
TEST_CASE("the model shows what a reader of a broker is shown", "[read]") {
    compare(read_operations());
}
