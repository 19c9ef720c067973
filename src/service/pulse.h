// When a worker's loop last turned: what its life is judged by.
#pragma once

#include <chrono>
#include <string>

namespace laterd::service {

struct Pulse {
    std::string route;
    int worker;
    std::chrono::milliseconds last_turn;  // on the boot-time clock
    bool is_closing;                      // its loop is over and it ends its clients, which may block
};

}  // namespace laterd::service
