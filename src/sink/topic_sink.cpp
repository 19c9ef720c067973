#include "sink/topic_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sink/dead_letter.h"

namespace laterd::sink {

namespace {

// librdkafka's default, and below every broker's default limit.
constexpr std::uint64_t k_batch_bytes = 1'000'000;

// Of a batch and of each record in it, besides the record's own bytes.
constexpr std::uint64_t k_batch_frame = 128;

constexpr std::chrono::milliseconds k_close_timeout{500};
constexpr std::chrono::milliseconds k_refresh_timeout{2'000};

kafka::Headers own_headers(const StoredRecord& record) {
    if (record.header_count() == 0) {
        return {};
    }
    kafka::Headers headers(record.header_count());
    record.for_each_header(
        [&](std::string_view name, std::optional<std::string_view> value) { headers.add(name, value); });
    return headers;
}

kafka::Headers dead_letter_copy(const StoredRecord& record, std::string_view route) {
    const Headers added = dead_letter_headers(record, route);
    kafka::Headers headers(record.header_count() + added.size());
    record.for_each_header([&](std::string_view name, std::optional<std::string_view> value) {
        if (!is_own_header(name)) {
            headers.add(name, value);
        }
    });
    for (const auto& [name, value] : added) {
        headers.add(name, std::string_view(value));
    }
    return headers;
}

}  // namespace

TopicSink::TopicSink(Setup setup) : setup_(std::move(setup)), batch_bytes_(k_batch_bytes) {
    open(target_, false, false);
}

TopicSink::~TopicSink() {
    for (std::optional<Lane>* lane : {&target_, &target_alone_, &dead_letters_, &dead_letters_alone_}) {
        close(*lane);
    }
}

TopicSink::Lane TopicSink::make_lane(const std::string& cluster, const config::Properties& properties,
                                     const std::string& topic, bool alone, const char* suffix) {
    Lane lane;
    lane.producer =
        std::make_shared<kafka::Producer>(kafka::ProducerSettings{.cluster = setup_.table.cluster(cluster),
                                                                  .properties = properties,
                                                                  .name = setup_.name + suffix,
                                                                  .queue_bytes = setup_.queue_bytes,
                                                                  .batch_bytes = batch_bytes_,
                                                                  .one_record_per_request = alone});
    lane.topic = lane.producer->topic(topic);
    setup_.poller.add(lane.producer->fd(),
                      [this, producer = lane.producer.get()] { producer->serve(*this); });
    return lane;
}

TopicSink::Lane& TopicSink::open(std::optional<Lane>& lane, bool dead_letter, bool alone) {
    if (!lane) {
        const config::Route& route = setup_.route;
        lane = dead_letter ? make_lane(route.dead_letter->cluster, no_properties_, route.dead_letter->topic,
                                       alone, alone ? "-dead-alone" : "-dead")
                           : make_lane(route.to.cluster, route.to.properties, route.to.topic, alone,
                                       alone ? "-alone" : "");
    }
    return *lane;
}

void TopicSink::close(std::optional<Lane>& lane) {
    if (lane) {
        setup_.poller.remove(lane->producer->fd());
        lane->producer->close(*this, k_close_timeout);
        lane.reset();
    }
}

TopicSink::Lane& TopicSink::lane_for(const core::Record& record) {
    const bool dead_letter = record.purpose == core::Purpose::dead_letter;
    if (record.alone) {
        return open(dead_letter ? dead_letters_alone_ : target_alone_, dead_letter, true);
    }
    return open(dead_letter ? dead_letters_ : target_, dead_letter, false);
}

void TopicSink::limit_batches(std::int64_t max_message_bytes) {
    const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(max_message_bytes, 1'024));
    const std::uint64_t wanted = std::min(k_batch_bytes, most - most / 16);
    if (wanted == batch_bytes_) {
        return;
    }
    batch_bytes_ = wanted;
    switching_ = true;
}

bool TopicSink::is_oversize(const StoredRecord& record) const noexcept {
    return record.payload() + k_batch_frame > batch_bytes_;
}

void TopicSink::deliver(core::RecordPtr record) {
    if (!pending_.empty() || switching_) {
        pending_.push_back(std::move(record));
        return;
    }
    send(std::move(record));
}

void TopicSink::send(core::RecordPtr record) {
    const auto& stored = static_cast<const StoredRecord&>(*record);
    Lane& lane = lane_for(stored);
    const config::TopicSink& to = setup_.route.to;
    kafka::Outgoing outgoing{
        .topic = lane.topic, .key = stored.key(), .value = stored.value(), .opaque = record.get()};
    kafka::Headers headers;
    if (stored.purpose == core::Purpose::deliver) {
        headers = own_headers(stored);
        outgoing.partition = to.partition == config::TargetPartition::same ? stored.origin.partition : -1;
        outgoing.timestamp = to.timestamp == config::TargetTimestamp::original
                                 ? std::max<std::int64_t>(stored.origin.timestamp, 0)
                                 : 0;
    } else {
        headers = dead_letter_copy(stored, setup_.route.name);
        if (stored.form == core::DeadLetterForm::without_value) {
            outgoing.value.reset();
        }
    }
    const kafka::SendResult result = lane.producer->send(outgoing, headers);
    switch (result.kind) {
        case kafka::SendResult::Kind::accepted:
            // Comes back in on_report. NOLINTNEXTLINE(bugprone-unused-return-value)
            static_cast<void>(record.release());
            return;
        case kafka::SendResult::Kind::full:
            pending_.push_front(std::move(record));
            return;
        case kafka::SendResult::Kind::refused:
            finish(std::move(record), result.error);
            return;
    }
}

void TopicSink::send_pending() {
    if (switching_) {
        if (target_->producer->in_flight() > 0) {
            return;
        }
        close(target_);
        open(target_, false, false);
        switching_ = false;
    }
    std::size_t left = pending_.size();
    while (left > 0) {
        core::RecordPtr record = std::move(pending_.front());
        pending_.pop_front();
        send(std::move(record));
        if (pending_.size() == left) {
            return;  // the queue is full: it came back
        }
        left = pending_.size();
    }
}

void TopicSink::finish(core::RecordPtr record, kafka::ErrorCode error) {
    auto& stored = static_cast<StoredRecord&>(*record);
    const kafka::Judgement judgement = kafka::classify(error);
    if (error != 0) {
        if (stored.purpose == core::Purpose::deliver) {
            stored.error = std::make_unique<std::string>(kafka::describe(error));
        }
        // Refused topics are remembered by librdkafka, too, until fresh metadata know better.
        if (judgement.reason == core::Reason::target_missing ||
            judgement.reason == core::Reason::not_authorised) {
            (stored.purpose == core::Purpose::deliver ? target_missing_ : dead_letters_missing_) = true;
        }
        limit_doubt_ = limit_doubt_ || (judgement.reason == core::Reason::too_large && !stored.alone);
    }
    outcomes_.push_back(
        {.record = std::move(record), .result = judgement.result, .reason = judgement.reason});
}

void TopicSink::serve(std::vector<core::Outcome>& outcomes) {
    if (!pending_.empty() || switching_) {
        send_pending();
    }
    std::move(outcomes_.begin(), outcomes_.end(), std::back_inserter(outcomes));
    outcomes_.clear();
}

std::function<void()> TopicSink::take_refresh() {
    if (!target_missing_ && !dead_letters_missing_) {
        return {};
    }
    std::vector<std::pair<std::shared_ptr<kafka::Producer>, kafka::TopicHandle>> ask;
    const auto add = [&](const std::optional<Lane>& lane) {
        if (lane) {
            ask.emplace_back(lane->producer, lane->topic);
        }
    };
    if (std::exchange(target_missing_, false)) {
        add(target_);
        add(target_alone_);
    }
    if (std::exchange(dead_letters_missing_, false)) {
        add(dead_letters_);
        add(dead_letters_alone_);
    }
    return [ask = std::move(ask)] {
        for (const auto& [producer, topic] : ask) {
            producer->refresh(topic, k_refresh_timeout);
        }
    };
}

bool TopicSink::take_limit_doubt() noexcept {
    return std::exchange(limit_doubt_, false);
}

void TopicSink::on_report(void* opaque, kafka::ErrorCode error) {
    finish(core::RecordPtr(static_cast<StoredRecord*>(opaque)), error);
}

void TopicSink::on_error(kafka::ErrorCode code, std::string_view text, bool fatal) {
    dead_ = dead_ || fatal;
    setup_.on_trouble(text, code, fatal);
}

void TopicSink::on_log(int syslog_level, std::string_view text) {
    // librdkafka's own lines about errors come through on_error as well.
    if (syslog_level <= 4) {
        setup_.on_trouble(text, 0, false);
    }
}

}  // namespace laterd::sink
