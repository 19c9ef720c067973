// Creates and deletes the topics of a measurement.
#pragma once

#include <string>
#include <vector>

namespace laterd::bench {

struct NewTopic {
    std::string brokers;
    std::string name;
    int partitions = 4;
    std::vector<std::string> configs;  // NAME=VALUE
};

void create_topic(const NewTopic& topic);
void delete_topic(const std::string& brokers, const std::string& name);

}  // namespace laterd::bench
