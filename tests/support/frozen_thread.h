// One thread of another process that stands still while this lives, as if it never came back from a call.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace laterd::support {

class FrozenThread {
  public:
    explicit FrozenThread(pid_t thread);
    ~FrozenThread();
    FrozenThread(const FrozenThread&) = delete;
    FrozenThread& operator=(const FrozenThread&) = delete;

    // Not every machine lets a process do that to another.
    bool is_frozen() const { return is_frozen_; }

  private:
    pid_t thread_;
    bool is_frozen_ = false;
};

// The oldest thread with this name: threads inherit that of the one that starts them.
std::optional<pid_t> first_thread_named(pid_t process, const std::string& name);

}  // namespace laterd::support
