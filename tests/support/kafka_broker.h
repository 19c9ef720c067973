// A real, private Apache Kafka (KRaft) for one test executable: started, frozen, killed and brought back at will.
// Starting takes about four seconds, so an executable shares one (`shared()`), and each test has topics of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.h"
#include "support/temp_folder.h"

namespace laterd::support {

class KafkaBroker {
  public:
    struct Options {
        // 4.3.0, or what LATERD_TEST_KAFKA_VERSION says, when empty.
        std::string version;
        // 1, or 2: then topics and offsets have two replicas, and killing node 2 moves what it led to node 1.
        int nodes = 1;
        // Adds a SASL/PLAIN listener for the user "laterd" with the password "secret", and an authorizer: the plain
        // listener may do everything, "laterd" what no ACL forbids.
        bool sasl = false;
        // More doors, each on a port of its own: "TLS" with the protocol "SSL", say, and the broker's properties for it
        // without their prefix.
        struct Listener {
            std::string name;
            std::string protocol;
            std::map<std::string, std::string> properties;
        };
        std::vector<Listener> listeners;
        // Users whose SCRAM-SHA-512 password the brokers know from the start.
        std::map<std::string, std::string> scram_users;
        // Whether the JIT is cut down to start fast and leave the cores to the test; a benchmark says false.
        bool light = true;
        std::map<std::string, std::string> properties;  // win over the harness's own
    };

    // Formats, starts and waits until it answers. Throws std::runtime_error with the broker's last lines.
    explicit KafkaBroker(const Options& options);
    KafkaBroker() : KafkaBroker(Options{}) {}
    ~KafkaBroker();

    // The executable's one broker with default options, started at the first call.
    static KafkaBroker& shared();

    // "127.0.0.1:PORT" of every node, comma-separated; of the SASL listener.
    std::string bootstrap() const;
    std::string sasl_bootstrap() const;
    // Of one of `listeners`.
    std::string bootstrap(const std::string& listener) const;
    const std::string& version() const { return version_; }

    // Nodes count from 1; node 1 is the controller too.
    void freeze(int node = 1);
    void thaw(int node = 1);
    void kill(int node = 1);
    void restart(int node = 1);  // after kill: same data, same ports; returns when it answers
    bool is_running(int node = 1);

    std::filesystem::path output(int node = 1) const;

    // What an operator does with kafka-configs.sh: creates the user, or gives another password. Takes a few seconds.
    void set_scram_password(const std::string& user, const std::string& password);

  private:
    struct Node {
        std::uint16_t port = 0;
        std::uint16_t controller_port = 0;
        std::uint16_t sasl_port = 0;
        std::map<std::string, std::uint16_t> ports;  // by listener
        std::unique_ptr<ChildProcess> process;
    };

    Node& node(int number) { return nodes_.at(static_cast<std::size_t>(number - 1)); }
    std::filesystem::path folder(int number) const;
    void choose_ports();
    void write_properties(int number) const;
    void format(int number) const;
    void launch(int number);
    bool await_answer(int number);
    void start();

    Options options_;
    std::string version_;
    std::filesystem::path jars_;
    std::unique_ptr<TempFolder> folder_;
    std::vector<Node> nodes_;
};

}  // namespace laterd::support
