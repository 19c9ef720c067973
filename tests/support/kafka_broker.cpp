#include "support/kafka_broker.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/await.h"
#include "support/free_port.h"

#ifndef LATERD_FETCH_KAFKA
#define LATERD_FETCH_KAFKA "script/fetch-kafka"
#endif

namespace laterd::support {

namespace {

using namespace std::chrono_literals;

// Any base64 text of 16 bytes does; a fixed one saves a run of the random-uuid tool.
constexpr const char* k_cluster_id = "TGF0ZXJkVGVzdENsdXN0ZQ";
constexpr const char* k_quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
constexpr auto k_start_within = 60s;

std::string environment_or(const char* name, std::string otherwise) {
    const char* value = ::getenv(name);
    return value != nullptr && *value != '\0' ? value : std::move(otherwise);
}

std::filesystem::path fetch_jars(const std::string& version) {
    const std::string command = environment_or("LATERD_FETCH_KAFKA", LATERD_FETCH_KAFKA) + " " + version;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) {
        throw std::runtime_error("cannot run " + command);
    }
    std::string line(4096, '\0');
    const bool answered = ::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr;
    if (::pclose(pipe) != 0 || !answered) {
        throw std::runtime_error(command + " failed: Apache Kafka's jars are needed for this test");
    }
    return line.substr(0, line.find('\n'));
}

std::string tail(const std::filesystem::path& file) {
    std::ifstream in(file);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    return all.size() > 4000 ? all.substr(all.size() - 4000) : all;
}

std::string local(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

}  // namespace

KafkaBroker& KafkaBroker::shared() {
    static KafkaBroker broker;
    return broker;
}

KafkaBroker::KafkaBroker(const Options& options)
    : options_(options),
      version_(options.version.empty() ? environment_or("LATERD_TEST_KAFKA_VERSION", "4.3.0")
                                       : options.version),
      jars_(fetch_jars(version_)),
      nodes_(static_cast<std::size_t>(options.nodes)) {
    // Another process may take a port between its choice and its use: then once more with others.
    for (int tries = 0;; ++tries) {
        try {
            start();
            return;
        } catch (const std::runtime_error&) {
            if (tries == 1) {
                throw;
            }
            for (Node& node : nodes_) {
                node.process.reset();
            }
        }
    }
}

KafkaBroker::~KafkaBroker() = default;

std::string KafkaBroker::bootstrap() const {
    std::string all;
    for (const Node& node : nodes_) {
        all += (all.empty() ? "" : ",") + local(node.port);
    }
    return all;
}

std::string KafkaBroker::sasl_bootstrap() const {
    return local(nodes_.front().sasl_port);
}

std::string KafkaBroker::bootstrap(const std::string& listener) const {
    return local(nodes_.front().ports.at(listener));
}

void KafkaBroker::set_scram_password(const std::string& user, const std::string& password) {
    ChildProcess tool(
        {.arguments = {"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", k_quiet, "-cp",
                       (jars_ / "*").string(), "kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap(),
                       "--alter", "--entity-type", "users", "--entity-name", user, "--add-config",
                       "SCRAM-SHA-512=[password=" + password + "]"},
         .output = folder(1) / "config.log"});
    if (tool.wait(k_start_within) != 0) {
        throw std::runtime_error("cannot set a password:\n" + tail(folder(1) / "config.log"));
    }
}

void KafkaBroker::freeze(int number) {
    node(number).process->signal(SIGSTOP);
}

void KafkaBroker::thaw(int number) {
    node(number).process->signal(SIGCONT);
}

void KafkaBroker::kill(int number) {
    node(number).process->kill();
}

void KafkaBroker::restart(int number) {
    kill(number);
    launch(number);
    if (!await_answer(number)) {
        throw std::runtime_error("Kafka did not come back:\n" + tail(output(number)));
    }
}

bool KafkaBroker::is_running(int number) {
    return node(number).process->is_running();
}

std::filesystem::path KafkaBroker::output(int number) const {
    return folder(number) / "kafka.log";
}

std::filesystem::path KafkaBroker::folder(int number) const {
    return folder_->path() / ("node-" + std::to_string(number));
}

void KafkaBroker::start() {
    folder_ = std::make_unique<TempFolder>("kafka");
    choose_ports();
    for (int number = 1; number <= options_.nodes; ++number) {
        std::filesystem::create_directory(folder(number));
        write_properties(number);
        format(number);
        launch(number);
    }
    for (int number = 1; number <= options_.nodes; ++number) {
        if (!await_answer(number)) {
            throw std::runtime_error("Kafka " + version_ + " does not answer:\n" + tail(output(number)));
        }
    }
}

void KafkaBroker::choose_ports() {
    for (Node& node : nodes_) {
        node.port = free_port();
        node.controller_port = free_port();
        node.sasl_port = free_port();
        for (const Options::Listener& listener : options_.listeners) {
            node.ports[listener.name] = free_port();
        }
    }
}

void KafkaBroker::write_properties(int number) const {
    const Node& node = nodes_.at(static_cast<std::size_t>(number - 1));
    const bool is_controller = number == 1;
    const std::string replicas = std::to_string(options_.nodes);
    std::string listeners = "PLAINTEXT://" + local(node.port);
    if (options_.sasl) {
        listeners += ",SASL_PLAINTEXT://" + local(node.sasl_port);
    }
    std::string protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT";
    for (const Options::Listener& listener : options_.listeners) {
        listeners += "," + listener.name + "://" + local(node.ports.at(listener.name));
        protocols += "," + listener.name + ":" + listener.protocol;
    }
    std::map<std::string, std::string> all = {
        {"process.roles", is_controller ? "broker,controller" : "broker"},
        {"node.id", std::to_string(number)},
        {"controller.quorum.voters", "1@" + local(nodes_.front().controller_port)},
        {"listeners", listeners + (is_controller ? ",CONTROLLER://" + local(node.controller_port) : "")},
        {"advertised.listeners", listeners},
        {"controller.listener.names", "CONTROLLER"},
        {"inter.broker.listener.name", "PLAINTEXT"},
        {"listener.security.protocol.map", protocols},
        {"log.dirs", (folder(number) / "data").string()},
        {"auto.create.topics.enable", "false"},
        {"default.replication.factor", replicas},
        {"offsets.topic.num.partitions", "4"},
        {"offsets.topic.replication.factor", replicas},
        {"transaction.state.log.num.partitions", "2"},
        {"transaction.state.log.replication.factor", replicas},
        {"transaction.state.log.min.isr", "1"},
        {"share.coordinator.state.topic.replication.factor", replicas},
        {"share.coordinator.state.topic.min.isr", "1"},
        // Short times, so that what takes minutes in production is seen in a test.
        {"group.initial.rebalance.delay.ms", "0"},
        {"group.min.session.timeout.ms", "1000"},
        {"log.initial.task.delay.ms", "500"},
        {"log.retention.check.interval.ms", "500"},
        {"log.segment.delete.delay.ms", "500"},
        {"broker.heartbeat.interval.ms", "500"},
        {"broker.session.timeout.ms", "3000"},
        {"replica.lag.time.max.ms", "2000"},
        {"controlled.shutdown.enable", "false"},
        // Small, for several of these share two cores.
        {"num.network.threads", "2"},
        {"num.io.threads", "4"},
        {"log.cleaner.dedupe.buffer.size", "4194304"},
    };
    if (options_.sasl) {
        all["sasl.enabled.mechanisms"] = "PLAIN";
        all["listener.name.sasl_plaintext.plain.sasl.jaas.config"] =
            "org.apache.kafka.common.security.plain.PlainLoginModule required user_laterd=\"secret\";";
        all["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
        all["super.users"] = "User:ANONYMOUS";
        all["allow.everyone.if.no.acl.found"] = "true";
    }
    for (const Options::Listener& listener : options_.listeners) {
        std::string prefix = "listener.name." + listener.name + ".";
        std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        for (const auto& [name, value] : listener.properties) {
            all[prefix + name] = value;
        }
    }
    for (const auto& [name, value] : options_.properties) {
        all[name] = value;
    }
    std::ofstream file(folder(number) / "server.properties");
    for (const auto& [name, value] : all) {
        file << name << '=' << value << '\n';
    }
}

void KafkaBroker::format(int number) const {
    std::vector<std::string> command = {"java",
                                        "-XX:TieredStopAtLevel=1",
                                        "-XX:+UseSerialGC",
                                        k_quiet,
                                        "-cp",
                                        (jars_ / "*").string(),
                                        "kafka.tools.StorageTool",
                                        "format",
                                        "-t",
                                        k_cluster_id,
                                        "-c",
                                        (folder(number) / "server.properties").string()};
    for (const auto& [user, password] : options_.scram_users) {
        command.insert(command.end(),
                       {"--add-scram", "SCRAM-SHA-512=[name=" + user + ",password=" + password + "]"});
    }
    ChildProcess tool({.arguments = command, .output = output(number)});
    if (tool.wait(k_start_within) != 0) {
        throw std::runtime_error("cannot format Kafka's storage:\n" + tail(output(number)));
    }
}

void KafkaBroker::launch(int number) {
    std::vector<std::string> java = {"java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};
    if (!options_.light) {
        java = {"java", "-Xmx1g", "-XX:+UseG1GC"};
    }
    for (const std::string& argument :
         {std::string(k_quiet), std::string("-cp"), (jars_ / "*").string(), std::string("kafka.Kafka"),
          (folder(number) / "server.properties").string()}) {
        java.push_back(argument);
    }
    node(number).process = std::make_unique<ChildProcess>(
        ChildProcess::Options{.arguments = java, .folder = folder(number), .output = output(number)});
}

bool KafkaBroker::await_answer(int number) {
    // A client that knows only this node learns of others from its answer, so any answer is this node's.
    char error[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", local(node(number).port).c_str(), error, sizeof error);
    rd_kafka_conf_set(conf, "reconnect.backoff.ms", "20", error, sizeof error);
    rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "50", error, sizeof error);
    rd_kafka_conf_set_log_cb(conf, nullptr);
    rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    const auto knows_itself = [&](const rd_kafka_metadata_t& metadata) {
        return std::any_of(metadata.brokers, metadata.brokers + metadata.broker_cnt,
                           [&](const rd_kafka_metadata_broker_t& broker) { return broker.id == number; });
    };
    bool answers = false;
    eventually(k_start_within, [&] {
        const rd_kafka_metadata_t* metadata = nullptr;
        if (rd_kafka_metadata(client, 0, nullptr, &metadata, 300) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            answers = knows_itself(*metadata);
            rd_kafka_metadata_destroy(metadata);
        }
        return answers || !is_running(number);
    });
    rd_kafka_destroy(client);
    return answers;
}

}  // namespace laterd::support
