// What consumer, producer and admin share of a librdkafka client. For this folder only.
#pragma once

#include "kafka/properties.h"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace laterd::kafka {

template <auto destroy>
struct Destroy {
    template <typename T>
    void operator()(T* object) const noexcept {
        destroy(object);
    }
};

using EventPtr = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, Destroy<rd_kafka_error_destroy>>;
using QueuePtr = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
// Elements keep a reference to the partition once they passed through assign or pause: a leaked list makes
// destroying the client hang.
using PartitionListPtr =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using MetadataPtr = std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>>;

// Throws std::runtime_error with librdkafka's text. Its logs come as events of its main queue.
rd_kafka_t* make_client(rd_kafka_type_t type, Conf conf);

// librdkafka takes whole milliseconds in an int.
int timeout_ms(std::chrono::milliseconds timeout) noexcept;

// Why the client is dead; no error while it is not.
struct Fatal {
    rd_kafka_resp_err_t code;
    std::string text;
};
Fatal fatal_error(rd_kafka_t* client);

// Tells a listener of an error event. That the client is dead does not show in the event's own code: a fenced consumer's
// event carries the cause (measured, 2.0.2), others RD_KAFKA_RESP_ERR__FATAL.
template <typename Listener>
void tell_error(rd_kafka_t* client, rd_kafka_event_t* event, Listener& listener) {
    if (const Fatal fatal = fatal_error(client); fatal.code) {
        listener.on_error(fatal.code, fatal.text, true);
    } else {
        listener.on_error(rd_kafka_event_error(event), rd_kafka_event_error_string(event), false);
    }
}

// A line of librdkafka's log that is an error: why it refuses a broker's certificate (see certificate.h). Null: another.
inline const char* certificate_error(rd_kafka_event_t* event) {
    const char* facility = "";
    const char* text = "";
    int level = 0;
    const bool is_log = rd_kafka_event_log(event, &facility, &text, &level) == 0;
    return is_log && std::string_view(facility) == "SSLCERTVRFY" ? text : nullptr;
}

// Tells a listener of a line of librdkafka's log; those about failed connections come as error events, too.
template <typename Listener>
void tell_log(rd_kafka_event_t* event, Listener& listener) {
    const char* facility = "";
    const char* text = "";
    int level = 0;
    if (const char* error = certificate_error(event)) {
        listener.on_error(RD_KAFKA_RESP_ERR__SSL, error, false);
    } else if (rd_kafka_event_log(event, &facility, &text, &level) == 0 &&
               std::string_view(facility) != "FAIL") {
        listener.on_log(level, text);
    }
}

}  // namespace laterd::kafka
