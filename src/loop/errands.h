// A thread for calls that may block, so that the loop never does: committed offsets, log ends, closing a client.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "loop/wakeup.h"

namespace laterd::loop {

class Errands {
  public:
    Errands();
    // Waits for the errand that is running; those not begun are dropped.
    ~Errands();
    Errands(const Errands&) = delete;
    Errands& operator=(const Errands&) = delete;

    // Runs on the errand thread, in order. It returns what the loop's thread shall do with the result (may be empty).
    // Neither may throw.
    using Then = std::function<void()>;
    void run(std::function<Then()> errand);

    // Becomes readable when results wait.
    int fd() const noexcept { return done_signal_.fd(); }

    // On the loop's thread: runs what the finished errands returned.
    void collect();

    // Whether nothing waits or runs.
    bool is_idle();

  private:
    void work();

    std::mutex mutex_;
    std::condition_variable wanted_;
    std::deque<std::function<Then()>> waiting_;
    std::deque<Then> done_;
    bool running_ = false;
    bool ending_ = false;
    Wakeup done_signal_;
    std::thread thread_;
};

}  // namespace laterd::loop
