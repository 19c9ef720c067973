// Asks the admin endpoint of a running daemon.
#pragma once

#include <string>

namespace laterd::admin {

struct Reply {
    int status = 0;     // 0: nobody answered
    std::string body;   // what it answered
    std::string error;  // why nobody did
};

// `listen` as the table has it; an address that stands for all of them is asked on this host. Waits three seconds at most.
Reply ask(const std::string& listen, const std::string& path);

}  // namespace laterd::admin
