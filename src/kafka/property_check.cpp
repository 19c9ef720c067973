#include "kafka/property_check.h"

#include "config/near_miss.h"
#include "config/quote.h"
#include "kafka/properties.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace laterd::kafka {

namespace {

using config::PropertyProblem;
using config::Severity;
using Text = std::array<char, 512>;

struct ClientDeleter {
    void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};

// librdkafka's messages end in a newline now and then.
std::string line_of(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    while (text.ends_with('\n') || text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return std::string(text);
}

std::vector<std::string> known_properties() {
    // The dump has no aliases.
    std::vector<std::string> names{"compression.type", "linger.ms", "retries", "sasl.mechanism"};
    const Conf conf(rd_kafka_conf_new());
    std::size_t count = 0;
    const char** pairs = rd_kafka_conf_dump(conf.get(), &count);
    for (std::size_t i = 0; i + 1 < count; i += 2) {
        names.emplace_back(pairs[i]);
    }
    rd_kafka_conf_dump_free(pairs, count);
    return names;
}

std::string unknown(const std::string& name) {
    static const std::vector<std::string> known = known_properties();
    return "librdkafka " + library_version() + " does not know this property; expected one of its own" +
           config::did_you_mean(name, known);
}

std::vector<PropertyProblem> check_each(const config::Properties& properties) {
    std::vector<PropertyProblem> problems;
    const Conf conf(rd_kafka_conf_new());
    for (const auto& [name, value] : properties) {
        Text text{};
        switch (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text.data(), text.size())) {
            case RD_KAFKA_CONF_OK:
                break;
            case RD_KAFKA_CONF_UNKNOWN:
                problems.push_back({.property = name, .text = unknown(name)});
                break;
            default:
                problems.push_back({.property = name,
                                    .text = "librdkafka refuses it: " + line_of({text.data(), text.size()}) +
                                            "; expected a value that it takes"});
        }
    }
    return problems;
}

// Names that librdkafka's warnings use instead of the ones in its documentation.
std::string_view documented_name(std::string_view name) {
    static const std::map<std::string_view, std::string_view> names{
        {"queue.buffering.max.ms", "linger.ms"},
        {"message.send.max.retries", "retries"},
        {"compression.codec", "compression.type"}};
    const auto found = names.find(name);
    return found == names.end() ? name : found->second;
}

// `Configuration property NAME is a producer property and will be ignored by this consumer instance` or `...
// is deprecated: WHY`. Others are about laterd's own settings.
void read_warning(std::string_view line, const config::Properties& properties,
                  std::vector<PropertyProblem>& problems) {
    constexpr std::string_view k_begin = "Configuration property ";
    const std::size_t begin = line.find(k_begin);
    if (begin == std::string_view::npos) {
        return;
    }
    const std::string_view rest = line.substr(begin + k_begin.size());
    const std::string_view name = rest.substr(0, rest.find(' '));
    for (const std::string_view given : {name, documented_name(name)}) {
        if (properties.contains(std::string(given))) {
            problems.push_back({.severity = Severity::warning,
                                .property = std::string(given),
                                .text = "this " +
                                        line_of(rest.substr(std::min(rest.find(' ') + 1, rest.size()))) +
                                        "; remove it"});
            return;
        }
    }
}

// A client's opaque: only lines that come while it is made are wanted, and they come on this thread.
using Lines = std::vector<std::string>;

void collect_line(const rd_kafka_t* client, int, const char* kind, const char* text) noexcept {
    if (std::string_view(kind) == "CONFWARN") {
        static_cast<Lines*>(rd_kafka_opaque(client))->emplace_back(text);
    }
}

Conf make_conf(const config::Properties& properties, bool consumer) {
    const config::Cluster cluster{.properties = properties};
    if (consumer) {
        return consumer_conf({.cluster = cluster,
                              .from = {.group = "laterd"},
                              .name = "laterd-check",
                              .instance = {},
                              .prefetch_bytes = std::uint64_t{1} << 20,
                              .unwanted = {}});
    }
    return producer_conf({.cluster = cluster,
                          .properties = {},
                          .name = "laterd-check",
                          .queue_bytes = std::uint64_t{1} << 20});
}

// With laterd's own properties, for some contradict: max.poll.interval.ms below its session.timeout.ms, say.
std::vector<PropertyProblem> check_together(const config::Properties& properties, bool consumer) {
    std::vector<PropertyProblem> problems;
    Conf conf = make_conf(properties, consumer);
    Lines lines;
    Text text{};
    rd_kafka_conf_set(conf.get(), "log.queue", "false", text.data(), text.size());
    rd_kafka_conf_set_opaque(conf.get(), &lines);
    rd_kafka_conf_set_log_cb(conf.get(), collect_line);
    const std::unique_ptr<rd_kafka_t, ClientDeleter> client(
        rd_kafka_new(consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
    if (client == nullptr) {
        problems.push_back({.property = {},
                            .text = "librdkafka refuses them together: " +
                                    line_of({text.data(), text.size()}) + "; expected properties that fit"});
        return problems;
    }
    conf.release();  // NOLINT(bugprone-unused-return-value): the client has it
    for (const std::string& line : lines) {
        read_warning(line, properties, problems);
    }
    return problems;
}

}  // namespace

std::vector<PropertyProblem> check_properties(const config::Properties& properties, bool consumer) {
    std::vector<PropertyProblem> problems = check_each(properties);
    return problems.empty() ? check_together(properties, consumer) : problems;
}

std::string library_version() {
    return rd_kafka_version_str();
}

}  // namespace laterd::kafka
