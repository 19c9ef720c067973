#include "kafka/scene.h"

#include <numeric>
#include <utility>

namespace laterd::kafka_test {

namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

}  // namespace

Scene::Scene(KafkaBroker& the_broker, std::string name, int partitions)
    : broker(the_broker),
      admin(the_broker.bootstrap()),
      producer(the_broker.bootstrap()),
      name_(std::move(name)),
      partitions_(partitions) {
    admin.create_topic(in(), partitions);
    admin.create_topic(out(), partitions);
    admin.create_topic(dead(), 1);
}

std::string Scene::table(const std::string& routes, const std::string& settings) const {
    return fill("clusters:\n  main: {brokers: [$brokers]}\ncommit_interval: 200ms\n" + settings +
                "\nroutes:\n" + routes);
}

std::string Scene::usual(const std::string& delay, const std::string& more) const {
    return table(
        "  usual:\n"
        "    from: {topics: [$name.in], group: $name, properties: {$short}}\n"
        "    delay: " +
        delay +
        "\n"
        "    to: {topic: $name.out, partition: same}\n"
        "    dead_letter: {topic: $name.dead}\n" +
        more);
}

void Scene::produce(const std::string& id, std::chrono::milliseconds delay, std::int32_t partition,
                    std::int64_t timestamp, std::size_t padding) {
    const std::int64_t created = timestamp == 0 ? wall_ms() : timestamp;
    account.expect(id, created + delay.count(), partition);
    producer.send({.topic = in(),
                   .partition = partition,
                   .key = id,
                   .value = id + "|" + std::string(padding, 'x'),
                   .timestamp = created});
}

bool Scene::await_positions(std::chrono::milliseconds within) {
    return eventually(within, [&] {
        for (int partition = 0; partition < partitions_; ++partition) {
            if (!admin.committed(group(), in(), partition)) {
                return false;
            }
        }
        return true;
    });
}

bool Scene::await_committed(std::int32_t partition, std::int64_t offset, std::chrono::milliseconds within) {
    return eventually(within, [&] { return admin.committed(group(), in(), partition) == offset; });
}

bool Scene::await_members(int members, std::chrono::milliseconds within) {
    return eventually(within, [&] { return admin.members(group()) == members; });
}

std::string Scene::fill(std::string text) const {
    replace_all(text, "$name", name_);
    replace_all(text, "$brokers", broker.bootstrap());
    replace_all(text, "$short", "session.timeout.ms: \"2000\", heartbeat.interval.ms: \"400\"");
    return text;
}

std::uint64_t partitions_of(Daemon& daemon, const std::string& route) {
    const auto counters = daemon.counters(route);
    if (!counters.is_object()) {
        return 0;
    }
    const auto& states = counters.at("laterd_partitions");
    return std::accumulate(
        states.begin(), states.end(), std::uint64_t{0},
        [](std::uint64_t sum, const auto& count) { return sum + count.template get<std::uint64_t>(); });
}

}  // namespace laterd::kafka_test
