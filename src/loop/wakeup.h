// Wakes a Poller from another thread (eventfd).
#pragma once

#include "loop/fd.h"

namespace laterd::loop {

class Wakeup {
  public:
    Wakeup();  // throws std::system_error

    // From any thread, any number of times.
    void signal() noexcept;

    // Clears it; call when the poller says it is ready.
    void clear() noexcept;

    int fd() const noexcept { return fd_.get(); }

  private:
    Fd fd_;
};

}  // namespace laterd::loop
