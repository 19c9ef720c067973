// What a drill does to the cluster: drill_topics BROKERS create NAME PARTITIONS | delete_records NAME PARTITION BEFORE
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "support/kafka_admin.h"

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    try {
        laterd::support::KafkaAdmin admin(words.at(0));
        if (words.at(1) == "create") {
            admin.create_topic(words.at(2), std::atoi(words.at(3).c_str()));
        } else if (words.at(1) == "delete_records") {
            admin.delete_records(words.at(2), std::atoi(words.at(3).c_str()),
                                 std::atoll(words.at(4).c_str()));
        } else {
            std::cerr << "drill_topics: create or delete_records\n";
            return 64;
        }
    } catch (const std::exception& error) {
        std::cerr << "drill_topics: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
