#include "support/record_maker.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <stdexcept>

#include "kafka/message.h"

namespace laterd::support {

namespace {

// librdkafka makes its messages itself, so one is produced to nowhere and taken back: the report of a message that was
// purged is that message.
class Purgatory {
  public:
    Purgatory() {
        rd_kafka_conf_t* const conf = rd_kafka_conf_new();
        rd_kafka_conf_set_dr_msg_cb(conf, &Purgatory::on_report);
        rd_kafka_conf_set_opaque(conf, this);
        rd_kafka_conf_set(conf, "message.max.bytes", "100000000", nullptr, 0);
        rd_kafka_conf_set(conf, "log_level", "0", nullptr, 0);
        client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
        if (client_ == nullptr) {
            rd_kafka_conf_destroy(conf);
            throw std::runtime_error("no producer");
        }
    }

    ~Purgatory() { rd_kafka_destroy(client_); }
    Purgatory(const Purgatory&) = delete;
    Purgatory& operator=(const Purgatory&) = delete;

    std::unique_ptr<sink::StoredRecord> pass(const RecordText& text) {
        rd_kafka_headers_t* const headers = rd_kafka_headers_new(text.headers.size());
        for (const auto& [name, value] : text.headers) {
            rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                                value ? value->data() : nullptr,
                                value ? static_cast<ssize_t>(value->size()) : 0);
        }
        std::array<rd_kafka_vu_t, 5> parts{};
        parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
        parts[0].u.cstr = "nowhere";
        parts[1].vtype = RD_KAFKA_VTYPE_KEY;
        parts[1].u.mem = bytes(text.key);
        parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
        parts[2].u.mem = bytes(text.value);
        parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
        parts[3].u.i = RD_KAFKA_MSG_F_COPY;
        parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
        parts[4].u.headers = headers;
        if (rd_kafka_error_t* const error = rd_kafka_produceva(client_, parts.data(), parts.size())) {
            const std::string why = rd_kafka_error_string(error);
            rd_kafka_error_destroy(error);
            rd_kafka_headers_destroy(headers);
            throw std::runtime_error(why);
        }
        while (!passed_) {
            rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE);
            rd_kafka_poll(client_, 100);
        }
        return std::move(passed_);
    }

  private:
    static decltype(rd_kafka_vu_t::u.mem) bytes(const std::optional<std::string>& text) {
        return {.ptr = text ? const_cast<char*>(text->data()) : nullptr, .size = text ? text->size() : 0};
    }

    static void on_report(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
        static_cast<Purgatory*>(opaque)->passed_ =
            sink::StoredRecord::copy(kafka::MessageView(*message), sink::Memory::own);
    }

    rd_kafka_t* client_ = nullptr;
    std::unique_ptr<sink::StoredRecord> passed_;
};

}  // namespace

std::unique_ptr<sink::StoredRecord> make_record(const RecordText& text) {
    static Purgatory purgatory;
    std::unique_ptr<sink::StoredRecord> record = purgatory.pass(text);
    record->offset = text.offset;
    record->origin = {
        .topic = "orders", .partition = 3, .offset = text.offset, .timestamp = 1'700'000'000'123};
    record->role = text.role;
    record->attempts = text.attempts;
    record->due = core::WallTime{core::Milliseconds{1'700'000'900'123}};
    return record;
}

}  // namespace laterd::support
