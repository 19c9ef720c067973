#include "sink/lane.h"

#include <chrono>
#include <iterator>
#include <utility>

namespace laterd::sink {

namespace {

// librdkafka's default, and below every broker's default limit.
constexpr std::uint64_t k_batch_bytes = 1'000'000;

constexpr std::chrono::milliseconds k_close_timeout{500};
constexpr std::chrono::milliseconds k_refresh_timeout{2'000};

}  // namespace

Lane::Lane(Setup setup) : setup_(std::move(setup)), batch_bytes_(k_batch_bytes) {}

Lane::~Lane() {
    close(batching_);
    close(alone_);
}

void Lane::open() {
    open(batching_, false);
}

Lane::Writer& Lane::open(std::optional<Writer>& writer, bool alone) {
    if (!writer) {
        auto producer = std::make_shared<kafka::Producer>(
            kafka::ProducerSettings{.cluster = setup_.cluster,
                                    .properties = setup_.properties,
                                    .name = setup_.name + (alone ? "-alone" : ""),
                                    .queue_bytes = setup_.queue_bytes,
                                    .batch_bytes = batch_bytes_,
                                    .one_record_per_request = alone});
        setup_.poller.add(producer->fd(), [this, producer = producer.get()] { producer->serve(*this); });
        const kafka::TopicHandle topic = producer->topic(setup_.topic);
        writer = Writer{.producer = std::move(producer), .topic = topic};
    }
    return *writer;
}

void Lane::close(std::optional<Writer>& writer) {
    if (writer) {
        setup_.poller.remove(writer->producer->fd());
        writer->producer->close(*this, k_close_timeout);
        writer.reset();
    }
}

Lane::Writer& Lane::writer_for(const core::Record& record) {
    return open(record.alone ? alone_ : batching_, record.alone);
}

void Lane::limit_batches(std::uint64_t bytes) {
    const std::uint64_t wanted = std::min(k_batch_bytes, bytes);
    if (wanted == batch_bytes_) {
        return;
    }
    batch_bytes_ = wanted;
    switching_ = batching_.has_value();
}

void Lane::deliver(core::RecordPtr record) {
    if (!pending_.empty() || switching_) {
        pending_.push_back(std::move(record));
        return;
    }
    send(std::move(record));
}

void Lane::send(core::RecordPtr record) {
    const auto& stored = static_cast<const StoredRecord&>(*record);
    const Writer& writer = writer_for(stored);
    Content content = setup_.write(stored);
    const kafka::SendResult result = writer.producer->send({.topic = writer.topic,
                                                            .partition = content.partition,
                                                            .key = stored.key(),
                                                            .value = content.value,
                                                            .timestamp = content.timestamp,
                                                            .opaque = record.get()},
                                                           content.headers);
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

void Lane::send_pending() {
    if (switching_) {
        if (batching_->producer->in_flight() > 0) {
            return;
        }
        close(batching_);
        open(batching_, false);
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

void Lane::finish(core::RecordPtr record, kafka::ErrorCode error) {
    auto& stored = static_cast<StoredRecord&>(*record);
    kafka::Judgement judgement = kafka::classify(error);
    if (judgement.reason == core::Reason::bad_timestamp && setup_.write(stored).timestamp == 0) {
        // It was not the record's own: every other one would be refused as well.
        judgement = {core::Outcome::Result::not_attempted, core::Reason::clock_differs};
    }
    if (error != 0) {
        // A copy tells why it was made, not what became of it, unless it is given up for that.
        const bool is_given_up = judgement.result == core::Outcome::Result::rejected && stored.alone &&
                                 stored.purpose != core::Purpose::dead_letter && !stored.error;
        if (stored.purpose == core::Purpose::deliver || is_given_up) {
            stored.error = std::make_unique<std::string>(kafka::describe(error));
        }
        // Refused topics are remembered by librdkafka, too, until fresh metadata know better.
        missing_ = missing_ || judgement.reason == core::Reason::target_missing ||
                   judgement.reason == core::Reason::not_authorised;
        if (judgement.reason == core::Reason::not_authorised) {
            setup_.on_trouble(setup_.cluster, "topic " + setup_.topic + ": " + kafka::describe(error), error,
                              false);
        }
        limit_doubt_ = limit_doubt_ || (judgement.reason == core::Reason::too_large && !stored.alone);
    }
    outcomes_.push_back(
        {.record = std::move(record), .result = judgement.result, .reason = judgement.reason});
}

void Lane::serve(std::vector<core::Outcome>& outcomes) {
    if (!pending_.empty() || switching_) {
        send_pending();
    }
    std::move(outcomes_.begin(), outcomes_.end(), std::back_inserter(outcomes));
    outcomes_.clear();
}

std::function<void()> Lane::take_refresh() {
    if (!std::exchange(missing_, false)) {
        return {};
    }
    return [batching = batching_, alone = alone_] {
        for (const std::optional<Writer>& writer : {batching, alone}) {
            if (writer) {
                writer->producer->refresh(writer->topic, k_refresh_timeout);
            }
        }
    };
}

bool Lane::take_limit_doubt() noexcept {
    return std::exchange(limit_doubt_, false);
}

void Lane::on_report(void* opaque, kafka::ErrorCode error) {
    finish(core::RecordPtr(static_cast<StoredRecord*>(opaque)), error);
}

void Lane::on_error(kafka::ErrorCode code, std::string_view text, bool fatal) {
    setup_.on_trouble(setup_.cluster, text, code, fatal);
}

void Lane::on_log(int syslog_level, std::string_view text) {
    // librdkafka's own lines about errors come through on_error as well.
    if (syslog_level <= 4) {
        setup_.on_trouble(setup_.cluster, text, 0, false);
    }
}

}  // namespace laterd::sink
