// The measuring instruments of the bench, one subcommand each; every answer is one line of JSON.
#include "load.h"
#include "observer.h"
#include "topics.h"
#include "watcher.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <exception>

namespace laterd::bench {
namespace {

void print(const nlohmann::json& answer) {
    std::puts(answer.dump().c_str());
}

struct Instruments {
    explicit Instruments(CLI::App& app) {
        add_topics(app);
        add_load(app);
        add_observer(app);
        add_watcher(app);
        app.require_subcommand(1);
    }

    void add_topics(CLI::App& app) {
        CLI::App* create = app.add_subcommand("create", "creates a topic");
        create->add_option("--brokers", topic.brokers)->required();
        create->add_option("--topic", topic.name)->required();
        create->add_option("--partitions", topic.partitions);
        create->add_option("--config", topic.configs, "NAME=VALUE, a topic property");
        create->callback([this] { create_topic(topic); });

        CLI::App* remove = app.add_subcommand("delete", "deletes a topic");
        remove->add_option("--brokers", topic.brokers)->required();
        remove->add_option("--topic", topic.name)->required();
        remove->callback([this] { delete_topic(topic.brokers, topic.name); });
    }

    void add_load(CLI::App& app) {
        CLI::App* command = app.add_subcommand("produce", "produces records that wait");
        command->add_option("--brokers", load.brokers)->required();
        command->add_option("--topic", load.topic)->required();
        command->add_option("--records", load.records)->required();
        command->add_option("--size", load.size, "bytes of a value");
        command->add_option("--headers", load.headers, "headers of a record");
        command->add_option("--rate", load.rate, "records per second; without it as fast as it goes");
        command->add_option("--timestamp-ms", load.timestamp_ms, "of the first record");
        command->add_option("--spread-ms", load.spread_ms, "the last record's timestamp is so much later");
        command->add_flag("--shuffled", load.shuffled,
                          "the timestamps within the spread come in random order");
        command->add_option("--delay-ms", load.delay_ms, "of the route: due = timestamp + delay");
        command->callback([this] { print(produce_load(load)); });
    }

    void add_observer(CLI::App& app) {
        CLI::App* command = app.add_subcommand("observe", "reads a topic and notes arrivals");
        command->add_option("--brokers", observer.brokers)->required();
        command->add_option("--topic", observer.topic)->required();
        command->add_option("--records", observer.records)->required();
        command->add_option("--seconds", observer.seconds, "gives up after this time");
        command->add_option("--samples", observer.samples, "file for arrival and due times");
        command->callback([this] { print(observe(observer)); });
    }

    void add_watcher(CLI::App& app) {
        CLI::App* command = app.add_subcommand("watch", "watches a topic's end offsets and a process");
        command->add_option("--brokers", watcher.brokers)->required();
        command->add_option("--topic", watcher.topic)->required();
        command->add_option("--records", watcher.records)->required();
        command->add_option("--seconds", watcher.seconds, "gives up after this time");
        command->add_option("--process", watcher.process);
        command->callback([this] { print(watch(watcher)); });
    }

    NewTopic topic;
    LoadOptions load;
    ObserverOptions observer;
    WatcherOptions watcher;
};

}  // namespace
}  // namespace laterd::bench

int main(int argc, char** argv) {
    std::signal(SIGTERM, [](int) { laterd::bench::stop_observing(); });
    CLI::App app{"The measuring instruments of the bench."};
    laterd::bench::Instruments instruments(app);
    try {
        CLI11_PARSE(app, argc, argv);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "measure: %s\n", problem.what());
        return 1;
    }
    return 0;
}
