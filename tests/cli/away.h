// A routing table whose cluster is away: `run` waits for it.
#pragma once

#include <string>

namespace laterd::support {

// Nobody listens on port 1.
inline const std::string k_away = R"(clusters: {main: {brokers: ["127.0.0.1:1"]}}
routes:
  orders: {from: {topics: [orders], group: later}, delay: 15m, to: {topic: orders.later}}
)";

}  // namespace laterd::support
