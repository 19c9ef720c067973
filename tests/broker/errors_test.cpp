#include "kafka/errors.h"
#include "support/catch.hpp"

#include <librdkafka/rdkafka.h>

using namespace laterd;
using core::Reason;
using Result = core::Outcome::Result;

TEST_CASE("only errors about a record's content reject it", "[errors]") {
    const auto [error, result, reason] = GENERATE(table<kafka::ErrorCode, Result, Reason>({
        {RD_KAFKA_RESP_ERR_NO_ERROR, Result::delivered, Reason::none},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Result::rejected, Reason::too_large},
        {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, Result::rejected, Reason::too_large},
        {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, Result::rejected, Reason::bad_timestamp},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, Result::rejected, Reason::refused_by_broker},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Result::not_attempted, Reason::not_authorised},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, Result::not_attempted, Reason::not_authorised},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Result::not_attempted, Reason::target_missing},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, Result::not_attempted, Reason::target_missing},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Result::not_attempted, Reason::target_missing},
        {RD_KAFKA_RESP_ERR__FATAL, Result::not_attempted, Reason::fenced},
        {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, Result::not_attempted, Reason::fenced},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Result::not_attempted, Reason::unavailable},
        {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, Result::not_attempted, Reason::unavailable},
        {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Result::not_attempted, Reason::unavailable},
        {12345, Result::not_attempted, Reason::unavailable},
    }));
    INFO(kafka::describe(error));
    const kafka::Judgement judged = kafka::classify(error);
    CHECK(judged.result == result);
    CHECK(judged.reason == reason);
}

TEST_CASE("a fenced instance is told apart from other fatal errors", "[errors]") {
    CHECK(kafka::is_fenced(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID));
    CHECK(kafka::is_fenced(111));
    CHECK_FALSE(kafka::is_fenced(RD_KAFKA_RESP_ERR__FENCED));
}
