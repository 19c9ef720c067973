#include "kafka/properties.h"

#include "kafka/certificate.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace laterd::kafka {

namespace {

constexpr std::uint64_t k_kib = 1'024;

// What librdkafka spends on a queued record besides its value (measured: 310 to 340 bytes), with some key.
constexpr std::uint64_t k_queued_record = 400;

std::string join(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) {
        if (!all.empty()) {
            all += ',';
        }
        all += part;
    }
    return all;
}

// A client's properties on their way into a conf. Later calls win.
class Draft {
  public:
    Draft() : conf_(rd_kafka_conf_new()) {}

    // librdkafka's own message would quote the value, which may be a secret.
    void set(const std::string& name, const std::string& value) {
        std::array<char, 512> unused{};
        switch (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), unused.data(), unused.size())) {
            case RD_KAFKA_CONF_OK:
                return;
            case RD_KAFKA_CONF_UNKNOWN:
                throw std::runtime_error("librdkafka has no property \"" + name + "\"");
            default:
                throw std::runtime_error("librdkafka refuses the value of property \"" + name + "\"");
        }
    }
    void set(const std::string& name, std::uint64_t value) { set(name, std::to_string(value)); }

    // For properties that this version may not have.
    void set_if_known(const std::string& name, const std::string& value) {
        std::array<char, 16> unused{};
        rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), unused.data(), unused.size());
    }

    void set_all(const config::Properties& properties) {
        for (const auto& [name, value] : properties) {
            set(name, value);
        }
    }

    void set_cluster(const config::Cluster& cluster) {
        set("bootstrap.servers", join(cluster.brokers));
        set_all(cluster.properties);
        for (const auto& [name, secret] : cluster.secrets) {
            set(name, secret.reveal());
        }
    }

    Conf take() { return std::move(conf_); }

  private:
    Conf conf_;
};

void set_common(Draft& draft, const std::string& name) {
    draft.set("client.id", name);
    draft.set("log.queue", "true");
    draft.set("socket.nagle.disable", "true");
    // New partitions and topics are found within this time, and re-created ones noticed.
    draft.set("topic.metadata.refresh.interval.ms", 30'000);
    draft.set_if_known("enable.metrics.push", "false");
    // A broker that comes back is found within a second or two; the default's backoff grows to ten.
    draft.set("reconnect.backoff.max.ms", 2'000);
}

Conf finish(Draft& draft, const config::Cluster& cluster, int events) {
    Conf conf = draft.take();
    rd_kafka_conf_set_events(conf.get(), events);
    explain_certificates(conf.get());
    // Token refreshes are served on librdkafka's own thread, or they would become events that nobody answers.
    if (uses_oauth(cluster.properties)) {
        rd_kafka_conf_enable_sasl_queue(conf.get(), 1);
    }
    return conf;
}

// Per partition: a response may overshoot the two queue limits by one fetch, and a record costs more than its
// value.
void set_prefetch(Draft& draft, std::uint64_t cap) {
    draft.set("fetch.message.max.bytes", std::clamp(cap / 4, 32 * k_kib, 1'024 * k_kib));
    draft.set("queued.max.messages.kbytes", std::clamp<std::uint64_t>(cap / 2 / k_kib, 64, 1 << 20));
    // The byte limit counts values only, so tiny records need this one. It is a cliff: a batch of the source
    // that is larger makes the queue run dry between two fetches; hence not lower than some ordinary batch.
    draft.set("queued.min.messages", std::clamp<std::uint64_t>(cap / k_queued_record, 2'000, 1'000'000));
    // From 2.2 on a full queue is looked at again after this; before, after up to a second unless the
    // broker's thread is woken.
    draft.set_if_known("fetch.queue.backoff.ms", "20");
}

std::string exactly(const std::string& topic) {
    std::string pattern = "^";
    for (const char c : topic) {
        // A topic name has no other characters that mean something; a backslash would meet the list's own
        // escapes.
        pattern += c == '.' ? "[.]" : std::string(1, c);
    }
    return pattern + "$";
}

std::string blacklist(const std::vector<std::string>& topics) {
    std::vector<std::string> patterns;
    std::transform(topics.begin(), topics.end(), std::back_inserter(patterns), exactly);
    return join(patterns);
}

}  // namespace

void ConfDeleter::operator()(rd_kafka_conf_s* conf) const noexcept {
    rd_kafka_conf_destroy(conf);
}

bool uses_oauth(const config::Properties& properties) {
    for (const char* name : {"sasl.mechanism", "sasl.mechanisms"}) {
        const auto found = properties.find(name);
        if (found != properties.end() && found->second == "OAUTHBEARER") {
            return true;
        }
    }
    return false;
}

std::string whole_pattern(const std::string& topic) {
    if (topic.empty() || topic.front() != '^') {
        return topic;
    }
    return "^(" + topic.substr(1) + ")$";
}

Conf consumer_conf(const ConsumerSettings& settings) {
    Draft draft;
    set_common(draft, settings.name);
    set_prefetch(draft, settings.prefetch_bytes);
    draft.set("isolation.level", "read_committed");
    draft.set("session.timeout.ms", 10'000);
    draft.set("max.poll.interval.ms", 300'000);
    // Bounds how long a resume waits behind a long poll.
    draft.set("fetch.wait.max.ms", 100);
    draft.set_cluster(settings.cluster);
    draft.set_all(settings.from.properties);

    draft.set("group.id", settings.from.group);
    if (!settings.instance.empty()) {
        draft.set("group.instance.id", settings.instance);
    }
    draft.set("enable.auto.commit", "false");
    draft.set("enable.auto.offset.store", "false");
    draft.set("auto.offset.reset", "error");
    draft.set("enable.partition.eof", "true");
    // Eager, and the same on every version: a rolling upgrade could not form a group otherwise.
    draft.set("partition.assignment.strategy", "range");
    draft.set("allow.auto.create.topics", "false");
    if (!settings.unwanted.empty()) {
        draft.set("topic.blacklist", blacklist(settings.unwanted));
    }

    return finish(
        draft, settings.cluster,
        RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
}

Conf producer_conf(const ProducerSettings& settings) {
    Draft draft;
    set_common(draft, settings.name);
    // The loop releases in runs, which is linger enough.
    draft.set("linger.ms", std::uint64_t{0});
    draft.set("batch.size", settings.batch_bytes);
    // Checked here against the uncompressed size, while brokers judge the compressed one: let them.
    draft.set("message.max.bytes", 100'000'000);
    // Values are not copied, and the hold's budget counts them; what librdkafka adds per record is bounded by
    // number. Its limit by bytes would make a record that is larger unsendable.
    draft.set("queue.buffering.max.messages",
              std::clamp<std::uint64_t>(settings.queue_bytes / k_queued_record, 1'000, 10'000'000));
    draft.set("queue.buffering.max.kbytes", 2'097'151);
    // For ever: the record waits as long as the cluster is away. librdkafka gives nothing up by itself.
    draft.set("message.timeout.ms", std::uint64_t{0});
    // A topic that does not exist is reported after this, not after half a minute.
    draft.set("topic.metadata.propagation.max.ms", 1'000);
    draft.set_cluster(settings.cluster);
    draft.set_all(settings.properties);

    draft.set("enable.idempotence", "true");
    draft.set("partitioner", "murmur2_random");
    draft.set("allow.auto.create.topics", "false");
    if (settings.one_record_per_request) {
        draft.set("batch.num.messages", 1);
    }

    return finish(draft, settings.cluster, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
}

Conf admin_conf(const AdminSettings& settings) {
    Draft draft;
    set_common(draft, settings.name);
    draft.set_cluster(settings.cluster);
    draft.set("allow.auto.create.topics", "false");
    return finish(draft, settings.cluster, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
}

}  // namespace laterd::kafka
