// Where the admin endpoint listens, and its socket.
#pragma once

#include <string>

#include "loop/fd.h"

namespace laterd::admin {

// `listen` as the table has it: HOST:PORT with an address, or unix:PATH. A Unix socket that nobody listens on any more is
// replaced; only the owner and its group may connect. Throws std::system_error, whose text names the place.
loop::Fd listen_at(const std::string& listen);

}  // namespace laterd::admin
