// What the errors of brokers and of librdkafka mean to laterd.
#pragma once

#include "core/pipeline.h"
#include "core/reason.h"

#include <string>

namespace laterd::kafka {

// An rd_kafka_resp_err_t; 0 is none, negative ones are librdkafka's own.
using ErrorCode = int;

// laterd's own: the client says delivered, but nobody knows whether the record is stored (see Producer::serve).
// Outside of what librdkafka and brokers use.
inline constexpr ErrorCode k_not_known_stored = -10'000;

// GROUP_AUTHORIZATION_FAILED, for those that ask about groups.
inline constexpr ErrorCode k_group_refused = 30;

// For people, e.g. "Broker: Topic authorization failed".
std::string describe(ErrorCode error);

// What a produce error says about the record. `rejected` may be a neighbour's fault: it counts only for a
// record that was alone in its request.
struct Judgement {
    core::Outcome::Result result = core::Outcome::Result::delivered;
    core::Reason reason = core::Reason::none;
};
Judgement classify(ErrorCode error) noexcept;

// What the error in a commit's answer says.
core::CommitAnswer::Result classify_commit(ErrorCode error) noexcept;

// Another client of the same `instance` has taken over; this one is dead, and starting it again would fence
// the other.
bool is_fenced(ErrorCode error) noexcept;

}  // namespace laterd::kafka
