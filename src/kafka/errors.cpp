#include "kafka/errors.h"

#include <librdkafka/rdkafka.h>

namespace laterd::kafka {

namespace {

using Result = core::Outcome::Result;
using core::Reason;

// Not in 2.0.2.
constexpr ErrorCode k_invalid_different_record = -138;
constexpr ErrorCode k_unreleased_instance_id = 111;

static_assert(k_group_refused == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);

constexpr Judgement not_attempted(Reason reason) {
    return {Result::not_attempted, reason};
}
constexpr Judgement rejected(Reason reason) {
    return {Result::rejected, reason};
}

}  // namespace

std::string describe(ErrorCode error) {
    return rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error));
}

Judgement classify(ErrorCode error) noexcept {
    switch (error) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return {};

        case k_not_known_stored:
            return {Result::not_known, Reason::none};

        // About the content of one record of the request.
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:  // larger than a segment of the topic
            return rejected(Reason::too_large);
        case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
            return rejected(Reason::bad_timestamp);
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        // Brokers before 2.4 say so of a record without a key on a compacted topic. A batch that was damaged
        // on the way is sent again by librdkafka and does not get here.
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR__BAD_MSG:
            return rejected(Reason::refused_by_broker);
        // A neighbour's fault: this record has to be tried alone like all of its request.
        case k_invalid_different_record:
            return rejected(Reason::refused_by_broker);

        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
            return not_attempted(Reason::target_missing);

        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_EXPIRED:
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
            return not_attempted(Reason::not_authorised);

        case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
        case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
        case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
        case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
        case RD_KAFKA_RESP_ERR__FENCED:
        case RD_KAFKA_RESP_ERR__FATAL:
            return not_attempted(Reason::fenced);

        // Timeouts, purges, brokers that are away, what a topic's configuration forbids to all records, and
        // whatever a later version invents: nothing is lost by trying again.
        default:
            return not_attempted(Reason::unavailable);
    }
}

core::CommitAnswer::Result classify_commit(ErrorCode error) noexcept {
    using Answer = core::CommitAnswer::Result;
    switch (error) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return Answer::ok;
        case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
        case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
            return Answer::not_member;
        default:
            return Answer::failed;
    }
}

bool is_fenced(ErrorCode error) noexcept {
    return error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || error == k_unreleased_instance_id;
}

}  // namespace laterd::kafka
