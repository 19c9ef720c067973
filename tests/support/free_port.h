// A TCP port of 127.0.0.1 that nobody listens on.
#pragma once

#include <cstdint>

namespace laterd::support {

// Below the range that the kernel gives to outgoing connections: a client that keeps connecting to a broker that is
// away would else meet itself on that very port one day, and the broker could not come back.
std::uint16_t free_port();

}  // namespace laterd::support
