#include "kafka/handler_scene.h"

#include <utility>

namespace laterd::kafka_test {

namespace {

std::int64_t number(const HttpRequest& request, const char* name) {
    return std::stoll(request.one(name).value_or("0"));
}

}  // namespace

HandlerScene::HandlerScene(KafkaBroker& the_broker, const std::string& name, int partitions)
    : Scene(the_broker, name, partitions) {
    admin.create_topic(retry(), 1);
}

std::string HandlerScene::calling(const std::string& handler, const std::string& more,
                                  const std::string& settings) const {
    return table(
        "  usual:\n"
        "    from: {topics: [$name.in], group: $name, properties: {$short}}\n"
        "    delay: 0s\n"
        "    to: {handler: {socket: " +
            socket() + (handler.empty() ? "" : ", ") + handler +
            "}}\n"
            "    dead_letter: {topic: $name.dead}\n" +
            more,
        settings);
}

std::string HandlerScene::retrying(int attempts, const std::string& backoff) const {
    return "    retry: {topic: $name.retry, attempts: " + std::to_string(attempts) + ", backoff: " + backoff +
           "}\n";
}

std::int64_t HandlerScene::put(const std::string& id, std::int32_t partition, const support::Bytes& key) {
    return producer.deliver({.topic = in(), .partition = partition, .key = key, .value = id});
}

HttpServer& HandlerScene::serve(Script script) {
    server_.reset();
    server_ = std::make_unique<HttpServer>(
        HttpServer::Options{.socket = socket(), .keeps_requests = false},
        [this, script = std::move(script)](const HttpRequest& request) { return take(request, script); });
    return *server_;
}

HttpReply HandlerScene::take(const HttpRequest& request, const Script& script) {
    const Call call{.request = request,
                    .id = TestRecord{.value = request.body}.id(),
                    .idempotency_key = request.one("Idempotency-Key").value_or(""),
                    .attempt = static_cast<int>(number(request, "Laterd-Attempt")),
                    .due_ms = number(request, "Laterd-Due"),
                    .arrived_ms = wall_ms()};
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
        ids_.insert(call.id);
    }
    return script(call);
}

std::vector<Call> HandlerScene::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

std::vector<Call> HandlerScene::calls(const std::string& id) const {
    std::vector<Call> found;
    for (Call& call : calls()) {
        if (call.id == id) {
            found.push_back(std::move(call));
        }
    }
    return found;
}

std::size_t HandlerScene::call_count() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
}

std::size_t HandlerScene::called() const {
    const std::lock_guard lock(mutex_);
    return ids_.size();
}

bool HandlerScene::await_calls(std::size_t count, std::chrono::milliseconds within) const {
    return eventually(within, [&] { return call_count() >= count; });
}

bool HandlerScene::await_called(std::size_t count, std::chrono::milliseconds within) const {
    return eventually(within, [&] { return called() >= count; });
}

std::size_t HandlerScene::repeated() const {
    std::set<std::pair<std::string, int>> seen;
    std::size_t count = 0;
    for (const Call& call : calls()) {
        count += seen.insert({call.id, call.attempt}).second ? 0U : 1U;
    }
    return count;
}

std::size_t HandlerScene::early(std::chrono::milliseconds backoff) const {
    std::map<std::pair<std::string, int>, std::int64_t> first;
    std::size_t count = 0;
    for (const Call& call : calls()) {
        first.try_emplace({call.id, call.attempt}, call.arrived_ms);
        const auto before = first.find({call.id, call.attempt - 1});
        const bool is_hasty = before != first.end() && call.arrived_ms < before->second + backoff.count();
        count += is_hasty || call.arrived_ms < call.due_ms ? 1U : 0U;
    }
    return count;
}

std::uint64_t counter(Daemon& daemon, const std::string& name, const std::string& label) {
    const nlohmann::json counters = daemon.counters("usual");
    if (!counters.is_object()) {
        return 0;
    }
    const nlohmann::json& found = counters.at(name);
    return label.empty() ? found.get<std::uint64_t>() : found.value(label, std::uint64_t{0});
}

std::uint64_t given_up(Daemon& daemon) {
    const nlohmann::json counters = daemon.counters("usual");
    std::uint64_t all = 0;
    if (counters.is_object()) {
        for (const auto& [cause, count] : counters.at("laterd_duplicates_total").items()) {
            all += count.get<std::uint64_t>();
        }
    }
    return all;
}

bool await_state(Daemon& daemon, const std::string& state, std::chrono::milliseconds within) {
    return eventually(within, [&] {
        const nlohmann::json counters = daemon.counters("usual");
        return counters.is_object() && counters.at("laterd_route_state").at(state) == 1;
    });
}

}  // namespace laterd::kafka_test
