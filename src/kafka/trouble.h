// A cluster's or a client's trouble in words: what is wrong, and what an operator does about it. `run` and
// `check --connect` both take theirs from here.
#pragma once

#include "config/routing_table.h"
#include "kafka/errors.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace laterd::kafka {

struct Trouble {
    // In the order of how much they explain: a client reports several while one thing is wrong.
    enum class Kind : std::uint8_t {
        other,
        away,         // no connection, or none of the brokers
        untrusted,    // TLS cannot be set up between the two
        unknown,      // the brokers do not accept who the client says it is
        not_allowed,  // they know the client, and it may not do this
    };
    Kind kind = Kind::other;
    std::string what;  // a clause, e.g. "the brokers refuse the user name or the password"; empty: other
    std::string hint;  // what to do; empty when there is nothing better than the client's own text
};

// `text` is librdkafka's own: TLS and SASL failures have one error code each, and only the text tells them apart.
Trouble trouble_of(ErrorCode code, std::string_view text);

// Whether an operator has to mend the table, the credentials or the ACLs; not so for brokers that are away.
bool is_refusal(Trouble::Kind kind) noexcept;

// Who the client is to the brokers: the SASL user (OAUTHBEARER: the client id), else the file of the client certificate, else
// "anonymous".
std::string principal_of(const config::Cluster& cluster);

}  // namespace laterd::kafka
