// What most tests need: a shared broker, topics of their own, a producer, and a judge of what came of it all.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "support/account.h"
#include "support/await.h"
#include "support/daemon.h"
#include "support/kafka_admin.h"
#include "support/kafka_broker.h"
#include "support/kafka_observer.h"
#include "support/kafka_producer.h"

namespace laterd::kafka_test {

using namespace std::chrono_literals;
using support::Account;
using support::always;
using support::Daemon;
using support::eventually;
using support::KafkaAdmin;
using support::KafkaBroker;
using support::Observer;
using support::Properties;
using support::TestProducer;
using support::TestRecord;
using support::wall_ms;

class Scene {
  public:
    // Creates the topics NAME.in, NAME.out (each with `partitions`) and NAME.dead (one partition).
    Scene(KafkaBroker& broker, std::string name, int partitions = 1);

    // A routing table: "$name", "$brokers" and "$short" (consumer properties for short sessions) are filled in.
    // `routes` is what stands under `routes:`, indented by two.
    std::string table(const std::string& routes, const std::string& settings = "") const;

    // The usual route: NAME.in to NAME.out with the same partition, group NAME, dead letters to NAME.dead.
    // `more` is inserted into the route, each line indented by four.
    std::string usual(const std::string& delay, const std::string& more = "") const;

    // Produces to NAME.in and announces it to the judge as due `delay` after its timestamp.
    void produce(const std::string& id, std::chrono::milliseconds delay, std::int32_t partition = 0,
                 std::int64_t timestamp = 0, std::size_t padding = 0);

    std::string in() const { return name_ + ".in"; }
    std::string out() const { return name_ + ".out"; }
    std::string dead() const { return name_ + ".dead"; }
    const std::string& group() const { return name_; }

    // Waits until a daemon has committed a position for each of the partitions of NAME.in: from then on nothing that is
    // produced can be missed, whatever `start` says.
    bool await_positions(std::chrono::milliseconds within = 15s);
    bool await_committed(std::int32_t partition, std::int64_t offset, std::chrono::milliseconds within);
    bool await_members(int members, std::chrono::milliseconds within = 15s);

    KafkaBroker& broker;
    KafkaAdmin admin;
    TestProducer producer;
    Account account;

  private:
    std::string fill(std::string text) const;

    std::string name_;
    int partitions_;
};

// How many partitions the daemon's route has, in whatever state; 0 while nobody says.
std::uint64_t partitions_of(Daemon& daemon, const std::string& route);

}  // namespace laterd::kafka_test
