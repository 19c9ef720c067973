#include "broker/world.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <stdexcept>

namespace laterd::testing {

namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds left(Clock::time_point until) {
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()), 0ms);
}

void wait_readable(std::initializer_list<int> fds, std::chrono::milliseconds at_most) {
    std::vector<pollfd> wanted;
    for (const int fd : fds) {
        wanted.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    }
    poll(wanted.data(), wanted.size(), static_cast<int>(at_most.count()));
}

int next_number() {
    static std::atomic<int> last = 0;
    return ++last;
}

MaybeText copy(std::optional<std::string_view> bytes) {
    return bytes ? MaybeText(std::string(*bytes)) : std::nullopt;
}

std::optional<std::string_view> view(const MaybeText& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

Record copy(const kafka::MessageView& message) {
    Record record{.key = copy(message.key()),
                  .value = copy(message.value()),
                  .headers = {},
                  .timestamp = message.timestamp(),
                  .offset = message.offset(),
                  .timestamp_type = message.timestamp_type()};
    message.for_each_header([&](std::string_view name, std::optional<std::string_view> value) {
        record.headers.emplace_back(std::string(name), copy(value));
    });
    return record;
}

}  // namespace

kafka::EmbeddedBroker& shared_broker() {
    static kafka::EmbeddedBroker broker;
    return broker;
}

config::Cluster cluster_of(const kafka::EmbeddedBroker& broker) {
    return {.name = "main", .brokers = broker.bootstrap(), .properties = {}, .secrets = {}};
}

std::string fresh_topic(int partitions, kafka::EmbeddedBroker& broker) {
    const std::string name = "topic-" + std::to_string(next_number());
    broker.create_topic(name, partitions);
    return name;
}

std::string fresh_group() {
    return "group-" + std::to_string(next_number());
}

// --- ControlLog ---

void ControlLog::on_assign(const std::vector<kafka::AssignedPartition>& partitions) {
    assigned = partitions;
}
void ControlLog::on_revoke(bool lost) {
    revoked.push_back(lost);
}
void ControlLog::on_commit_answer(std::uint64_t id, const std::vector<kafka::CommitResult>& results) {
    answers.emplace_back(id, results);
}
void ControlLog::on_error(kafka::ErrorCode code, std::string_view, bool fatal) {
    errors.emplace_back(code, fatal);
}
void ControlLog::on_log(int, std::string_view text) {
    logs.emplace_back(text);
}

// --- Reader ---

Reader::Reader(Options options, const config::Cluster& cluster) : cluster_(cluster) {
    from_.topics = options.topics;
    from_.group = options.group;
    from_.properties = options.properties;
    consumer_ =
        std::make_unique<kafka::Consumer>(kafka::ConsumerSettings{.cluster = cluster_,
                                                                  .from = from_,
                                                                  .name = "reader",
                                                                  .instance = options.instance,
                                                                  .prefetch_bytes = options.prefetch_bytes,
                                                                  .unwanted = options.unwanted});
}

void Reader::turn(std::chrono::milliseconds at_most) {
    wait_readable({consumer_->control_fd(), consumer_->data_fd()}, at_most);
    consumer_->serve_control(control);
    for (const core::Slot slot : consumer_->ready_slots()) {
        Seen& seen = seen_[slot];
        const kafka::ReadResult result = consumer_->read(
            slot, at_once, [&](const kafka::MessageView& message) { seen.records.push_back(copy(message)); });
        if (result.end) {
            seen.ends.push_back(*result.end);
        }
        seen.errors.insert(seen.errors.end(), result.errors.begin(), result.errors.end());
    }
}

bool Reader::until(const std::function<bool()>& done, std::chrono::milliseconds within) {
    const auto end = Clock::now() + within;
    while (!done()) {
        if (Clock::now() >= end) {
            return false;
        }
        turn(std::min(left(end), std::chrono::milliseconds(200)));
    }
    return true;
}

void Reader::turn_for(std::chrono::milliseconds time) {
    until([] { return false; }, time);
}

bool Reader::until_seen(core::Slot slot, std::size_t count) {
    return until([&] { return seen(slot).records.size() >= count; });
}

void Reader::assign(core::Slot slot, core::Offset offset, bool paused) {
    const core::AssignEntry entry{.slot = slot, .offset = offset, .paused = paused};
    consumer_->assign(std::span(&entry, 1));
}

std::vector<core::Offset> Reader::offsets(core::Slot slot) {
    std::vector<core::Offset> all;
    for (const Record& record : seen(slot).records) {
        all.push_back(record.offset);
    }
    return all;
}

// --- Writer ---

Writer::Writer(Options options, const config::Cluster& cluster)
    : cluster_(cluster), properties_(std::move(options.properties)) {
    producer_ = std::make_unique<kafka::Producer>(
        kafka::ProducerSettings{.cluster = cluster_,
                                .properties = properties_,
                                .name = "writer",
                                .queue_bytes = options.queue_bytes,
                                .one_record_per_request = options.one_record_per_request});
}

Writer::~Writer() {
    close(5s);
}

kafka::SendResult Writer::send(const std::string& topic, std::int32_t partition, Record record) {
    const std::size_t number = kept_.size();
    const Record& kept = kept_.emplace_back(std::move(record));
    kafka::Headers headers = kept.headers.empty() ? kafka::Headers() : kafka::Headers(kept.headers.size());
    for (const auto& [name, value] : kept.headers) {
        headers.add(name, view(value));
    }
    return producer_->send({.topic = producer_->topic(topic),
                            .partition = partition,
                            .key = view(kept.key),
                            .value = view(kept.value),
                            .timestamp = kept.timestamp,
                            .opaque = reinterpret_cast<void*>(number)},
                           headers);
}

bool Writer::until_reported(std::size_t count, std::chrono::milliseconds within) {
    const std::size_t wanted = reports.size() + count;
    const auto end = Clock::now() + within;
    while (reports.size() < wanted && Clock::now() < end) {
        wait_readable({producer_->fd()}, left(end));
        producer_->serve(*this);
    }
    return reports.size() >= wanted;
}

void Writer::write(const std::string& topic, std::int32_t partition, Record record) {
    const kafka::SendResult sent = send(topic, partition, std::move(record));
    if (sent.kind != kafka::SendResult::Kind::accepted) {
        throw std::runtime_error("the test's record was not taken: " + kafka::describe(sent.error));
    }
    if (!until_reported(1) || reports.back().second != 0) {
        throw std::runtime_error("the test's record was not written: " +
                                 kafka::describe(reports.back().second));
    }
}

void Writer::fill(const std::string& topic, std::int32_t partition, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        send(topic, partition, {.key = std::nullopt, .value = "record " + std::to_string(i), .headers = {}});
    }
    if (!until_reported(count)) {
        throw std::runtime_error("the test's records were not written");
    }
}

void Writer::on_report(void* opaque, kafka::ErrorCode error) {
    reports.emplace_back(reinterpret_cast<std::uintptr_t>(opaque), error);
}

}  // namespace laterd::testing
