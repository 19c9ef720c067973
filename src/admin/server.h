// The admin endpoint: answers requests on a thread of its own, which the workers never wait for.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "admin/state.h"
#include "loop/fd.h"

struct MHD_Daemon;

namespace laterd::admin {

class Server {
  public:
    // `listen` as the table has it. `look` is called on the server's thread, once for each request. Throws
    // std::runtime_error, with the place in its text, when it cannot listen there.
    Server(std::string listen, std::function<ProcessState()> look);
    // Ends the thread; a Unix socket's file is removed.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

  private:
    struct Stop {
        void operator()(MHD_Daemon* daemon) const noexcept;
    };

    const std::string listen_;
    const std::function<ProcessState()> look_;
    std::unique_ptr<MHD_Daemon, Stop> daemon_;
};

}  // namespace laterd::admin
