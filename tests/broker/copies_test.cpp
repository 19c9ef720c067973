// What is written of a record, by the copies beside a sink and by the topic sink, and what is read of it again.
#include "sink/copies.h"
#include "broker/world.h"
#include "loop/clock.h"
#include "loop/poller.h"
#include "sink/copy_headers.h"
#include "sink/topic_sink.h"
#include "support/catch.hpp"

#include <librdkafka/rdkafka.h>

#include <poll.h>

using namespace laterd;
using namespace laterd::testing;

namespace {

using Headers = std::vector<std::pair<std::string, MaybeText>>;
using Result = core::Outcome::Result;

constexpr core::Milliseconds k_longest = 1h;

// A route with every kind of topic on the embedded broker.
struct Scene {
    Scene() {
        table.clusters = {cluster_of(shared_broker())};
        route.name = "payments";
        route.from.cluster = "main";
        route.retry.topic = fresh_topic(1);
        route.wait_topic = fresh_topic(3);
        route.to = {.cluster = "main", .topic = fresh_topic(1)};
        route.dead_letter = {.cluster = "main", .topic = fresh_topic(1)};
        const auto on_trouble = [this](const config::Cluster&, std::string_view text, kafka::ErrorCode,
                                       bool) { troubles.emplace_back(text); };
        copies = std::make_unique<sink::Copies>(sink::SinkSetup{.table = table,
                                                                .route = route,
                                                                .name = "copies",
                                                                .queue_bytes = 4 << 20,
                                                                .poller = poller,
                                                                .handler_times = handler_times,
                                                                .on_trouble = on_trouble});
        target = std::make_unique<sink::TopicSink>(sink::SinkSetup{.table = table,
                                                                   .route = route,
                                                                   .name = "target",
                                                                   .queue_bytes = 4 << 20,
                                                                   .poller = poller,
                                                                   .handler_times = handler_times,
                                                                   .on_trouble = on_trouble});
    }

    // As the worker would keep the record at this place.
    std::unique_ptr<sink::StoredRecord> read(const std::string& topic, std::int32_t partition,
                                             core::Offset offset = 0) const {
        Reader reader({.topics = {topic}});
        const core::Slot slot = reader.slot(topic, partition);
        reader.assign(slot, offset);
        std::unique_ptr<sink::StoredRecord> record;
        const auto end = std::chrono::steady_clock::now() + k_patience;
        while (!record) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            pollfd ready{.fd = reader->data_fd(), .events = POLLIN, .revents = 0};
            ::poll(&ready, 1, 200);
            reader->serve_control(reader.control);
            for (const core::Slot one : reader->ready_slots()) {
                reader->read(one, 1, [&](const kafka::MessageView& message) {
                    record = sink::StoredRecord::copy(message, sink::Memory::shared);
                });
            }
        }
        record->origin = {.topic = topic,
                          .partition = partition,
                          .offset = record->offset,
                          .timestamp = record->timestamp()};
        return record;
    }

    std::unique_ptr<sink::StoredRecord> source(Record record) {
        const std::string topic = fresh_topic(1);
        Writer().write(topic, 0, std::move(record));
        std::unique_ptr<sink::StoredRecord> read_again = read(topic, 0);
        // Like the consumer's, this name outlives the record.
        read_again->origin.topic = topics.emplace_back(topic);
        return read_again;
    }

    // Turns the loop until there is an outcome.
    core::Outcome outcome() {
        std::vector<core::Outcome> outcomes;
        const auto end = std::chrono::steady_clock::now() + k_patience;
        while (outcomes.empty()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            poller.wait(std::nullopt, loop::read_clocks().steady + 200ms);
            copies->serve(outcomes);
            target->serve(outcomes);
        }
        REQUIRE(outcomes.size() == 1);
        return std::move(outcomes.front());
    }

    // The record comes back as it was handed over.
    std::unique_ptr<sink::StoredRecord> write(std::unique_ptr<sink::StoredRecord> record,
                                              core::Purpose purpose) {
        record->purpose = purpose;
        if (purpose == core::Purpose::deliver) {
            target->deliver(std::move(record));
        } else {
            copies->deliver(std::move(record));
        }
        core::Outcome result = outcome();
        CHECK(result.result == Result::delivered);
        return std::unique_ptr<sink::StoredRecord>(static_cast<sink::StoredRecord*>(result.record.release()));
    }

    std::deque<std::string> topics;
    std::vector<std::string> troubles;
    config::RoutingTable table;
    config::Route route;
    core::HandlerTimes handler_times;
    loop::Poller poller;
    std::unique_ptr<sink::Copies> copies;
    std::unique_ptr<sink::TopicSink> target;
};

MaybeText copy(std::optional<std::string_view> bytes) {
    return bytes ? MaybeText(std::string(*bytes)) : std::nullopt;
}

Headers headers_of(const sink::StoredRecord& record) {
    Headers headers;
    record.for_each_header([&](std::string_view name, std::optional<std::string_view> value) {
        headers.emplace_back(std::string(name), copy(value));
    });
    return headers;
}

MaybeText header(const sink::StoredRecord& record, std::string_view wanted) {
    std::size_t count = 0;
    MaybeText found;
    for (const auto& [name, value] : headers_of(record)) {
        if (name == wanted) {
            ++count;
            found = value;
        }
    }
    CHECK(count <= 1);
    return found;
}

const Headers k_mine{
    {"twice", "1"}, {"null", std::nullopt}, {"twice", "2"}, {"bin", std::string("\0\xff", 2)}};

// A record whose producer has written laterd's headers, too.
Record hostile() {
    Headers headers{{"laterd-attempt", "4"}, {"laterd-origin-topic", "forged"}, {"laterd-reason", "forged"}};
    headers.insert(headers.end(), k_mine.begin(), k_mine.end());
    headers.insert(headers.end(), {{"laterd-error", "forged"}, {"laterd-due", std::nullopt}});
    return {
        .key = std::string("k\0", 2), .value = "value", .headers = headers, .timestamp = 1'700'000'000'123};
}

// A delivery of it failed once.
std::unique_ptr<sink::StoredRecord> failed_once(std::unique_ptr<sink::StoredRecord> record,
                                                core::WallTime now) {
    record->attempts = 1;
    record->first_attempt = now - 1s;
    record->reason = core::Reason::http;
    record->reason_code = 503;
    record->error = std::make_unique<std::string>("the database is away");
    record->copy_due = now + 30min;
    return record;
}

void check_payload(const sink::StoredRecord& copy) {
    CHECK(copy.key() == std::string_view("k\0", 2));
    CHECK(copy.value() == "value");
    Headers mine = headers_of(copy);
    std::erase_if(mine, [](const auto& one) { return one.first.starts_with("laterd-"); });
    CHECK(mine == k_mine);
}

std::string millis(core::WallTime instant) {
    return std::to_string(instant.time_since_epoch().count());
}

}  // namespace

TEST_CASE("a record from a source is delivered byte for byte, whatever headers it has", "[copies]") {
    Scene scene;
    const std::unique_ptr<sink::StoredRecord> sent =
        scene.write(scene.source(hostile()), core::Purpose::deliver);
    const std::unique_ptr<sink::StoredRecord> found = scene.read(scene.route.to.topic, 0);
    CHECK(headers_of(*found) == hostile().headers);
    CHECK(found->key() == sent->key());
    CHECK(found->value() == sent->value());
}

TEST_CASE("a retry copy says what happened, goes round in the waiting topic and is delivered as it came",
          "[copies]") {
    Scene scene;
    const core::WallTime now = loop::read_clocks().wall;
    const auto sent = scene.write(failed_once(scene.source(hostile()), now), core::Purpose::retry);
    const std::string origin(sent->origin.topic);

    std::unique_ptr<sink::StoredRecord> retry = scene.read(scene.route.retry.topic, 0);
    check_payload(*retry);
    CHECK(core::WallTime(core::Milliseconds(retry->timestamp())) >= now);
    CHECK(header(*retry, "laterd-route") == "payments");
    CHECK(header(*retry, "laterd-reason") == "http-503");
    CHECK(header(*retry, "laterd-error") == "the database is away");
    sink::read_marks(*retry, core::Role::retry, k_longest);
    CHECK(retry->role == core::Role::retry);
    CHECK(retry->due == now + 30min);
    CHECK(retry->attempts == 1);
    CHECK(retry->first_attempt == now - 1s);
    CHECK(retry->lap_end == core::WallTime());
    CHECK(retry->origin ==
          dialect::Origin{.topic = origin, .partition = 0, .offset = 0, .timestamp = 1'700'000'000'123});

    retry->copy_due = retry->due;
    retry->lap = 2;
    scene.write(std::move(retry), core::Purpose::wait);
    std::unique_ptr<sink::StoredRecord> waiting = scene.read(scene.route.wait_topic, 2);
    check_payload(*waiting);
    CHECK(header(*waiting, "laterd-attempt") == "1");
    CHECK(header(*waiting, "laterd-reason") == "http-503");
    CHECK(header(*waiting, "laterd-error") == "the database is away");
    sink::read_marks(*waiting, core::Role::waiting, k_longest);
    CHECK(waiting->due == now + 30min);
    CHECK(waiting->attempts == 1);
    CHECK(waiting->first_attempt == now - 1s);
    CHECK(waiting->lap_end == core::WallTime(core::Milliseconds(waiting->timestamp())) + 4min);
    CHECK(waiting->origin.topic == origin);

    scene.write(std::move(waiting), core::Purpose::deliver);
    const std::unique_ptr<sink::StoredRecord> delivered = scene.read(scene.route.to.topic, 0);
    check_payload(*delivered);
    CHECK(headers_of(*delivered) == k_mine);
}

TEST_CASE("a source record that waits takes nothing along that its producer claims", "[copies]") {
    Scene scene;
    const core::WallTime due = loop::read_clocks().wall + 1h;
    std::unique_ptr<sink::StoredRecord> far = scene.source(hostile());
    far->copy_due = due;
    far->lap = 1;
    scene.write(std::move(far), core::Purpose::wait);
    std::unique_ptr<sink::StoredRecord> waiting = scene.read(scene.route.wait_topic, 1);
    check_payload(*waiting);
    CHECK(header(*waiting, "laterd-due") == millis(due));
    for (const char* name : {"laterd-attempt", "laterd-first-attempt", "laterd-reason", "laterd-error"}) {
        INFO(name);
        CHECK_FALSE(header(*waiting, name));
    }
    sink::read_marks(*waiting, core::Role::waiting, k_longest);
    CHECK(waiting->due == due);
    CHECK(waiting->attempts == 0);
    CHECK(waiting->first_attempt == core::WallTime());
}

TEST_CASE("a record on a waiting or retry topic that laterd did not write begins where it was read",
          "[copies]") {
    Scene scene;
    for (const auto& [topic, role] : {std::pair(scene.route.wait_topic, core::Role::waiting),
                                      std::pair(scene.route.retry.topic, core::Role::retry)}) {
        Writer().write(topic, 0, {.value = "mine", .headers = {{"laterd-due", "soon"}}, .timestamp = 77});
        std::unique_ptr<sink::StoredRecord> record = scene.read(topic, 0);
        sink::read_marks(*record, role, k_longest);
        CHECK(record->due == core::WallTime());
        CHECK(record->lap_end == core::WallTime());
        CHECK(record->attempts == 0);
        CHECK(record->origin ==
              dialect::Origin{.topic = topic, .partition = 0, .offset = 0, .timestamp = 77});
    }
}

TEST_CASE("a dead letter is written whole, without its error, or without its value", "[copies]") {
    Scene scene;
    std::unique_ptr<sink::StoredRecord> record =
        failed_once(scene.source(hostile()), loop::read_clocks().wall);
    record->reason = core::Reason::attempts_exhausted;
    using Form = core::DeadLetterForm;
    core::Offset offset = 0;
    for (const Form form : {Form::whole, Form::without_error, Form::without_value}) {
        record->form = form;
        record = scene.write(std::move(record), core::Purpose::dead_letter);
        const auto letter = scene.read(scene.route.dead_letter->topic, 0, offset++);
        CHECK(letter->key() == record->key());
        CHECK(letter->value().has_value() == (form != Form::without_value));
        CHECK(header(*letter, "laterd-error").has_value() == (form == Form::whole));
        CHECK(header(*letter, "laterd-reason") == "attempts-exhausted");
        CHECK(header(*letter, "laterd-attempt") == "1");
        CHECK(header(*letter, "laterd-first-attempt") == millis(record->first_attempt));
        CHECK(header(*letter, "laterd-origin-topic") == record->origin.topic);
        CHECK(header(*letter, "laterd-origin-timestamp") == "1700000000123");
        CHECK_FALSE(header(*letter, "laterd-due"));
    }
    // What is tried again keeps its value, whatever form is asked for.
    record = scene.write(std::move(record), core::Purpose::retry);
    CHECK(scene.read(scene.route.retry.topic, 0)->value() == "value");
}

TEST_CASE("a retry topic that cannot be written leaves the delivery's error alone and dead letters go on",
          "[copies]") {
    Scene scene;
    shared_broker().fail_topic(scene.route.retry.topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    const core::WallTime now = loop::read_clocks().wall;
    std::unique_ptr<sink::StoredRecord> record = failed_once(scene.source(hostile()), now);
    record->purpose = core::Purpose::retry;
    scene.copies->deliver(std::move(record));
    core::Outcome refused = scene.outcome();
    CHECK(refused.result == Result::not_attempted);
    CHECK(refused.reason == core::Reason::target_missing);
    CHECK(*static_cast<const sink::StoredRecord&>(*refused.record).error == "the database is away");
    const std::function<void()> refresh = scene.copies->take_refresh();
    CHECK(refresh);
    CHECK_FALSE(scene.copies->take_refresh());

    scene.write(failed_once(scene.source(hostile()), now), core::Purpose::dead_letter);

    shared_broker().fail_topic(scene.route.retry.topic, RD_KAFKA_RESP_ERR_NO_ERROR);
    refresh();
    scene.copies->deliver(std::move(refused.record));
    CHECK(scene.outcome().result == Result::delivered);
}

TEST_CASE("a copy that is refused for good says so, when it was alone and nothing had happened before",
          "[copies]") {
    Scene scene;
    struct Row {
        bool alone;
        bool failed_before;
        bool says_so;
    };
    for (const Row& row : {Row{.alone = false, .failed_before = false, .says_so = false},
                           Row{.alone = true, .failed_before = false, .says_so = true},
                           Row{.alone = true, .failed_before = true, .says_so = false}}) {
        INFO("alone " << row.alone << ", failed before " << row.failed_before);
        std::unique_ptr<sink::StoredRecord> record = scene.source(hostile());
        if (row.failed_before) {
            record = failed_once(std::move(record), loop::read_clocks().wall);
        }
        record->alone = row.alone;
        record->purpose = core::Purpose::wait;
        shared_broker().inject(kafka::Request::produce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
        scene.copies->deliver(std::move(record));
        const core::Outcome outcome = scene.outcome();
        CHECK(outcome.result == Result::rejected);
        CHECK(outcome.reason == core::Reason::too_large);
        const auto& error = static_cast<const sink::StoredRecord&>(*outcome.record).error;
        CHECK((error && *error == kafka::describe(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)) == row.says_so);
    }
}
