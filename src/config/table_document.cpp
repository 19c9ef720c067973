#include "config/table_document.h"

#include "config/property.h"
#include "config/quantity.h"
#include "config/words.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace laterd::config {

namespace {

class Writer {
  public:
    Writer() { node_.kind = Node::Kind::map; }

    void text(std::string key, std::string_view value) {
        add(std::move(key), {.kind = Node::Kind::scalar, .text = std::string(value)});
    }

    void texts(std::string key, const std::vector<std::string>& values) {
        Node list{.kind = Node::Kind::list};
        for (const std::string& value : values) {
            list.items.push_back({.kind = Node::Kind::scalar, .text = value});
        }
        add(std::move(key), std::move(list));
    }

    // Nothing for an empty map: its key means nothing.
    void map(std::string key, Writer below) {
        if (!below.node_.entries.empty()) {
            add(std::move(key), std::move(below.node_));
        }
    }

    Node take() { return std::move(node_); }

  private:
    void add(std::string key, Node value) {
        node_.entries.push_back({.key = std::move(key), .place = {}, .value = std::move(value)});
    }

    Node node_;
};

Writer write(const Properties& properties) {
    Writer writer;
    for (const auto& [name, value] : properties) {
        writer.text(name, is_secret_property(name) ? k_hidden : value);
    }
    return writer;
}

Writer write(const Cluster& cluster) {
    Writer writer;
    writer.texts("brokers", cluster.brokers);
    writer.map("properties", write(cluster.properties));
    Writer secrets;
    for (const auto& [name, secret] : cluster.secrets) {
        secrets.text(name, k_hidden);
    }
    writer.map("secrets", std::move(secrets));
    return writer;
}

Writer write(const From& from) {
    Writer writer;
    writer.text("cluster", from.cluster);
    writer.texts("topics", from.topics);
    writer.text("group", from.group);
    writer.text("start", word_of(k_start_words, from.start));
    writer.text("out_of_range", word_of(k_out_of_range_words, from.out_of_range));
    writer.map("properties", write(from.properties));
    return writer;
}

std::string write(const core::DueFallback& fallback) {
    return fallback.kind == core::DueFallback::Kind::delay
               ? format_duration(fallback.delay)
               : std::string(word_of(k_fallback_words, fallback.kind));
}

Writer write(const core::DueRule& rule) {
    Writer writer;
    if (rule.uses_header()) {
        writer.text("header", rule.header);
        writer.text("format", word_of(k_format_words, rule.format));
    } else {
        writer.text("delay", format_duration(rule.delay));
    }
    writer.text("missing", write(rule.missing));
    writer.text("invalid", write(rule.invalid));
    writer.text("max", format_duration(rule.max));
    return writer;
}

Writer write(const TopicSink& to) {
    Writer writer;
    writer.text("cluster", to.cluster);
    writer.text("topic", to.topic);
    writer.text("partition", word_of(k_partition_words, to.partition));
    writer.text("timestamp", word_of(k_timestamp_words, to.timestamp));
    writer.map("properties", write(to.properties));
    return writer;
}

Writer write(const HandlerSink& handler) {
    Writer writer;
    handler.socket.empty() ? writer.text("address", handler.address) : writer.text("socket", handler.socket);
    writer.text("path", handler.path);
    writer.text("timeout", format_duration(handler.timeout));
    writer.text("concurrency", std::to_string(handler.concurrency));
    writer.text("sequence", word_of(k_sequence_words, handler.sequence));
    writer.text("not_found", word_of(k_not_found_words, handler.not_found));
    if (handler.headers == SentHeaders::named) {
        writer.texts("headers", handler.header_names);
    } else {
        writer.text("headers", word_of(k_sent_headers_words, handler.headers));
    }
    return writer;
}

Writer write_sink(const Route& route) {
    if (!route.handler) {
        return write(route.to);
    }
    Writer writer;
    writer.map("handler", write(*route.handler));
    return writer;
}

void write_backoff(Writer& retry, const core::Backoff& backoff) {
    std::vector<std::string> steps;
    steps.reserve(backoff.steps.size());
    for (const core::Milliseconds step : backoff.steps) {
        steps.push_back(format_duration(step));
    }
    if (steps.size() == 1) {
        retry.text("backoff", steps.front());
    } else if (!steps.empty()) {
        retry.texts("backoff", steps);
    } else {
        Writer growing;
        growing.text("initial", format_duration(backoff.initial));
        growing.text("factor", format_number(backoff.factor));
        growing.text("max", format_duration(backoff.max));
        growing.text("jitter", format_number(backoff.jitter));
        retry.map("backoff", std::move(growing));
    }
}

Writer write(const Retry& retry) {
    Writer writer;
    if (retry.policy.has_topic) {
        writer.text("topic", retry.topic);
        writer.text("attempts", std::to_string(retry.policy.attempts));
    }
    write_backoff(writer, retry.policy.backoff);
    if (retry.policy.max_age) {
        writer.text("max_age", format_duration(*retry.policy.max_age));
    }
    return writer;
}

Writer write(const DeadLetter& dead_letter) {
    Writer writer;
    writer.text("cluster", dead_letter.cluster);
    writer.text("topic", dead_letter.topic);
    writer.text("guard", dead_letter.guard == 0 ? "off" : std::to_string(dead_letter.guard));
    return writer;
}

Writer write(const Route& route) {
    Writer writer;
    writer.map("from", write(route.from));
    writer.map("due", write(route.due));
    writer.text("order", word_of(k_order_words, route.order));
    if (!route.wait_topic.empty()) {
        Writer wait;
        wait.text("topic", route.wait_topic);
        writer.map("wait", std::move(wait));
    }
    writer.map("to", write_sink(route));
    writer.map("retry", write(route.retry));
    if (route.dead_letter) {
        writer.map("dead_letter", write(*route.dead_letter));
    }
    writer.text("workers", std::to_string(route.workers));
    writer.text("enabled", route.enabled ? "true" : "false");
    return writer;
}

}  // namespace

Node to_document(const RoutingTable& table) {
    Writer clusters;
    for (const Cluster& cluster : table.clusters) {
        clusters.map(cluster.name, write(cluster));
    }
    Writer routes;
    for (const Route& route : table.routes) {
        routes.map(route.name, write(route));
    }
    Writer limits;
    limits.text("memory", format_size(table.memory));
    Writer log;
    log.text("level", word_of(k_level_words, table.log_level));
    log.text("format", word_of(k_log_format_words, table.log_format));

    Writer writer;
    writer.map("clusters", std::move(clusters));
    writer.map("routes", std::move(routes));
    writer.map("limits", std::move(limits));
    writer.text("commit_interval", format_duration(table.commit_interval));
    writer.text("drain_timeout", format_duration(table.drain_timeout));
    if (!table.instance.empty()) {
        writer.text("instance", table.instance);
    }
    writer.map("log", std::move(log));
    if (!table.admin_listen.empty()) {
        Writer admin;
        admin.text("listen", table.admin_listen);
        writer.map("admin", std::move(admin));
    }
    return writer.take();
}

}  // namespace laterd::config
